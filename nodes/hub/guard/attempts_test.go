package guard_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/access"
)

// attempt is something that a user must not be able to do. It is given both of the user's connections, and returns what
// the user saw: nil looks to it as if it had worked.
type attempt struct {
	name string
	do   func(data, talk *conn) error
}

const askTime = 150 * time.Millisecond

// publish stores or sends something, over both connections.
func publish(subject string) attempt {
	return attempt{"publish " + subject, func(data, talk *conn) error {
		if err := talk.Publish(subject, []byte("forged")); err != nil {
			return err
		}
		if _, err := data.Request(subject, []byte("forged"), askTime); err == nil {
			return nil
		}
		return talk.objection()
	}}
}

// listenTo listens at a subject where nothing is for the user. What comes is looked for by the test.
func listenTo(subject string) attempt {
	return attempt{"listen to " + subject, func(data, talk *conn) error {
		for _, c := range []*conn{data, talk} {
			if err := c.hear(subject); err != nil {
				return err
			}
		}
		if err := data.FlushTimeout(time.Second); err != nil {
			return err
		}
		return talk.objection()
	}}
}

// ask asks JetStream for what the role has no right to.
func ask(subject, body string) attempt {
	return attempt{"ask " + subject + " " + body, func(data, talk *conn) error {
		if err := refused(data.Request(subject, []byte(body), askTime)); err == nil {
			return nil
		}
		if err := talk.PublishRequest(subject, talk.NewInbox(), []byte(body)); err != nil {
			return err
		}
		return talk.objection()
	}}
}

// refused returns the error of an answer of JetStream.
func refused(m *nats.Msg, err error) error {
	if err == nil && strings.Contains(string(m.Data), `"error":`) {
		return fmt.Errorf("%s", m.Data)
	}
	return err
}

// divert asks for what the role may ask, and has the answer sent to a subject where the asker may not write. The
// asker listens there in its own account, since the server answers nobody who does not: that the answer comes to it, and
// to nobody else, is as it must be, and no error.
func divert(subject, body, to string) attempt {
	return attempt{diversion + subject + " to " + to, func(data, talk *conn) error {
		sub, err := data.SubscribeSync(to)
		if err != nil {
			return err
		}
		defer sub.Unsubscribe()
		for _, c := range []*conn{talk, data} {
			if err := c.PublishMsg(&nats.Msg{Subject: subject, Reply: to, Data: []byte(body)}); err != nil {
				return err
			}
		}
		if _, err := sub.NextMsg(5 * time.Second); err != nil {
			return nil // it was no attempt at all
		}
		return errors.Join(errSilent, talk.objection())
	}}
}

const diversion = "divert "

// errSilent is of attempts whose user sees nothing.
var errSilent = fmt.Errorf("nothing is seen")

// with has an attempt carry a header.
func with(subject, header, value string) attempt {
	return attempt{"publish " + subject + " with " + header, func(data, talk *conn) error {
		m := nats.NewMsg(subject)
		m.Header.Set(header, value)
		if _, err := data.RequestMsg(m, askTime); err == nil {
			return nil
		}
		if err := talk.PublishMsg(m); err != nil {
			return err
		}
		return talk.objection()
	}}
}

const (
	api      = "$JS.API."
	control  = "ROOST_f_CONTROL"
	commands = "ROOST_f_COMMANDS"
	readings = "ROOST_f_READINGS"
	f        = "roost.f."
)

// foreign are subjects where no role may write by way of JetStream's answers: each is one that another user takes
// for true.
var foreign = []string{
	f + "live.g2.g3", "_INBOX.g2.x", "_INBOX.ann.x", f + "spec.access.lim", f + "spec.other.d1", f + "event.g2",
	f + "api.send.operator.ben", f + "gateway.g2.drain", f + "reading.d1.g2", f + "probe.g2",
}

// diversions are all requests whose answer a role could divert.
func diversions(streams []string, to []string) []attempt {
	var list []attempt
	for _, stream := range streams {
		for _, subject := range to {
			list = append(list,
				divert(api+"STREAM.MSG.GET."+stream, `{"seq":1}`, subject),
				divert(next(stream), `{"batch":1,"expires":1000000000}`, subject),
				divert(api+"CONSUMER.INFO."+stream+".bait-"+stream, "", subject),
				divert(api+"STREAM.INFO."+stream, "", subject),
				divert(api+"CONSUMER.CREATE."+stream+".x", `{}`, subject),
			)
		}
	}
	return list
}

// next asks for a message of a consumer that has many.
func next(stream string) string { return api + "CONSUMER.MSG.NEXT." + stream + ".bait-" + stream }

// manage are requests that change streams, or make ones that copy. Nobody may make them but an administrator.
func manage() []attempt {
	return []attempt{
		ask(api+"STREAM.CREATE.EVIL", `{"name":"EVIL","subjects":["evil.>"]}`),
		ask(api+"STREAM.CREATE.MIRROR", `{"name":"MIRROR","mirror":{"name":"ROOST_f_READINGS"}}`),
		ask(api+"STREAM.CREATE.SOURCE", `{"name":"SOURCE","sources":[{"name":"ROOST_f_CONTROL"}]}`),
		ask(api+"STREAM.UPDATE."+control, `{"name":"ROOST_f_CONTROL","subjects":["roost.f.>"]}`),
		ask(api+"STREAM.UPDATE."+readings, `{"name":"ROOST_f_READINGS","subjects":["roost.f.reading.*.*"],"max_msgs":1}`),
		ask(api+"STREAM.PURGE."+control, ""),
		ask(api+"STREAM.PURGE."+readings, ""),
		ask(api+"STREAM.PURGE."+commands, ""),
		ask(api+"STREAM.DELETE."+control, ""),
		ask(api+"STREAM.DELETE."+readings, ""),
		ask(api+"STREAM.MSG.DELETE."+readings, `{"seq":1}`),
		ask(api+"STREAM.MSG.DELETE."+control, `{"seq":1}`),
		ask(api+"STREAM.SNAPSHOT."+control, `{"deliver_subject":"_INBOX.g1.s"}`),
		ask(api+"STREAM.RESTORE.EVIL", `{}`),
		ask(api+"STREAM.NAMES", ""),
		ask(api+"STREAM.LIST", ""),
		ask(api+"STREAM.TEMPLATE.NAMES", ""),
		ask(api+"STREAM.LEADER.STEPDOWN."+control, ""),
		ask(api+"META.LEADER.STEPDOWN", ""),
		ask(api+"SERVER.REMOVE", `{"peer":"x"}`),
		ask(api+"ACCOUNT.PURGE.ROOST", ""),
		ask(api+"DIRECT.GET."+control, `{"last_by_subj":"roost.f.own.b"}`),
		ask(api+"DIRECT.GET."+readings+"."+f+"reading.d1.g2", ""),
		ask(api+"CONSUMER.DURABLE.CREATE."+readings+".evil", `{"stream_name":"ROOST_f_READINGS","config":{"durable_name":"evil"}}`),
		ask(api+"CONSUMER.CREATE."+readings, `{"stream_name":"ROOST_f_READINGS","config":{}}`),
		ask(api+"CONSUMER.PAUSE."+control+".bait-"+control, `{"pause_until":"2100-01-01T00:00:00Z"}`),
		ask(api+"CONSUMER.LIST."+control, ""),
		ask(api+"CONSUMER.NAMES."+control, ""),
		ask("$JS.ACK."+control+".bait-"+control+".1.1.1.1.1", "+TERM"),
		ask("$SYS.REQ.SERVER.PING", ""),
		ask("$SYS.REQ.ACCOUNT.ROOST.INFO", ""),
		ask("$SYS.REQ.USER.INFO.ROOST", ""),
		listenTo("$SYS.>"),
		listenTo("$JS.EVENT.>"),
		listenTo("_R_.>"),
		listenTo("_INBOX.>"),
		listenTo("_INBOX.g2.>"),
		listenTo("_INBOX.ben.>"),
		listenTo(">"),
		publish("_INBOX.g2.x"), publish("_INBOX.ann.x"), publish("_R_.x"),
		publish("$JS.EVENT.ADVISORY.x"), publish("$SYS.SERVER.x.SHUTDOWN"),
		publish(f + "spec.access.lim"), publish(f + "spec.access.evil"), publish(f + "spec.other.x"), publish(f + "other"),
		publish(f + "api.send"), publish(f + "api.cancel"), publish(f + "api.command"),
		publish(f + "api.send.operator.ben"), publish(f + "api.cancel.operator.ben"), publish(f + "api.command.operator.ben"),
		publish(f + "api.send.gateway.x"), publish(f + "api.send.limited.ben"),
		publish("roost.other.own.b"), publish("roost.other.reading.d1.g1"),
		with(f+"spec.access.lim", "Nats-Request-Info", `{"acc":"ROOST","svc":"ROOST","user":"admin"}`),
	}
}

// others are the attempts of those who are no gateway, at what only gateways do.
func others() []attempt {
	return []attempt{
		publish(f + "own.b"), publish(f + "member.g2"), publish(f + "member.evil"), publish(f + "cmd.d1.x"), publish(f + "cancel.d1.x"),
		publish(f + "probe.g1"), publish(f + "reading.d1.g1"), publish(f + "reading.d1.ann"), publish(f + "event.g1"), publish(f + "event.ann"),
		publish(f + "live.g1.g2"), publish(f + "live.g1.ann"),
		listenTo(f + "live.>"), listenTo(f + "api.>"), listenTo(f + "api.send.operator.ben"), listenTo(f + "gateway.g1.*"), listenTo("$SRV.>"),
		with(f+"own.b", "Nats-Rollup", "sub"),
		with(f+"own.b", "Nats-Request-Info", `{"acc":"ROOST"}`),
	}
}

// writers are the attempts at the registry of those who may not edit it.
func writers() []attempt {
	return []attempt{
		publish(f + "spec.device.d1"), publish(f + "spec.profile.p"), publish(f + "spec.desired.d1"),
		publish(f + "gateway.g1.drain"), publish(f + "gateway.g1.release"),
	}
}

// attempts are all that a role must not be able to do.
func attempts(role access.Role) []attempt {
	three := []string{control, commands, readings}
	list := manage()
	switch role {
	case access.RoleGateway:
		list = append(list,
			publish(f+"reading.d1.g2"), publish(f+"reading.d1"), publish(f+"event.g2"), publish(f+"probe.g2"),
			publish(f+"live.g2.g3"), publish(f+"live.g1.g2"),
			publish(f+"spec.device.d1"), publish(f+"spec.profile.p"), publish(f+"spec.desired.d1"),
			publish(f+"gateway.g2.drain"), publish(f+"gateway.g2.status"), publish(f+"gateway.g1.drain"),
			listenTo(f+"live.g2.*"), listenTo(f+"live.*.*"), listenTo(f+"gateway.g2.*"), listenTo(f+"event.*"), listenTo(f+"event.g2"),
			ask(api+"CONSUMER.CREATE."+readings+".evil", `{"stream_name":"ROOST_f_READINGS","config":{"name":"evil","ack_policy":"none"}}`),
			ask(api+"CONSUMER.CREATE."+commands+".evil", `{"stream_name":"ROOST_f_COMMANDS","config":{"name":"evil","ack_policy":"none"}}`),
			ask(next(readings), ""),
			ask(api+"STREAM.MSG.GET."+readings, `{"seq":1}`),
			ask(api+"CONSUMER.DELETE."+readings+".bait-"+readings, ""),
			with(f+"reading.d1.g2", "Nats-Msg-Id", "x"),
			with(f+"reading.d1.g2", "Nats-Request-Info", `{"acc":"D_gateway_g2","user":"g2"}`),
			with(f+"reading.d1.g2", "Nats-Batch-Id", "x"),
		)
		list = append(list, diversions([]string{control}, append(foreign, f+"spec.device.d1"))...)
	case access.RoleOperator:
		list = append(list, others()...)
		list = append(list, publish(f+"api.send.limited.ann"), publish(f+"api.send.viewer.ann"), publish(f+"gateway.g1.other"))
		list = append(list, diversions(three, append(foreign, f+"own.b", f+"member.g1", f+"cmd.d1.x", f+"cancel.d1.x"))...)
	case access.RoleLimited:
		list = append(append(list, others()...), writers()...)
		list = append(list, publish(f+"api.send.operator.lim"), publish(f+"api.send.limited.other"))
		list = append(list, diversions(three, append(foreign, f+"own.b", f+"member.g1", f+"cmd.d1.x", f+"spec.device.d1"))...)
	case access.RoleViewer:
		list = append(append(list, others()...), writers()...)
		list = append(list, publish(f+"api.send.viewer.vic"), publish(f+"api.cancel.viewer.vic"), publish(f+"api.send.operator.vic"))
		list = append(list, diversions(three, append(foreign, f+"own.b", f+"member.g1", f+"cmd.d1.x", f+"spec.device.d1"))...)
	}
	return list
}
