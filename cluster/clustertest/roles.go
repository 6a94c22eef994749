package clustertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/roost-iot/roost/cluster/access"
)

// config is what a secured hub lets its users do, as nats-server reads it.
func (s *Secured) config(users []User) string {
	var data, talk strings.Builder
	for _, u := range users {
		if u.Role == access.RoleAdmin {
			continue
		}
		c := s.users[u.Name]
		fmt.Fprintf(&data, "D_%s_%s {\n users: [{nkey: %s}]\n imports: [\n", u.Role, u.Name, public(s.tb, c.Data))
		for _, subject := range s.imports(u) {
			fmt.Fprintf(&data, "  {service: {account: ROOST, subject: %q}}\n", subject)
		}
		data.WriteString(" ]\n}\n")
		publish, subscribe, more := s.talk(u)
		fmt.Fprintf(&talk, " {nkey: %s, permissions: {publish: {allow: %s}, subscribe: {allow: %s}%s}}\n",
			public(s.tb, c.Talk), list(publish), list(subscribe), more)
	}
	var exports strings.Builder
	for _, subject := range s.exports() {
		response := ""
		if strings.Contains(subject, "MSG.NEXT") {
			response = ", response_type: stream"
		}
		fmt.Fprintf(&exports, "  {service: %q%s}\n", subject, response)
	}
	return fmt.Sprintf("accounts {\nROOST {\n jetstream: enabled\n users: [{nkey: %s}]\n exports: [\n%s ]\n}\n%sTALK {\n users: [\n%s ]\n}\n}\n",
		public(s.tb, s.users["admin"].Data), exports.String(), data.String(), talk.String())
}

func list(subjects []string) string { return `["` + strings.Join(subjects, `", "`) + `"]` }

func (s *Secured) subject(tail string) string { return "roost." + s.fleet + "." + tail }

func (s *Secured) stream(name string) string { return "ROOST_" + s.fleet + "_" + name }

// consumers are the requests by which a stream is read.
func (s *Secured) consumers(stream string) []string {
	stream = s.stream(stream)
	return []string{
		"$JS.API.CONSUMER.CREATE." + stream + ".>", "$JS.API.CONSUMER.DELETE." + stream + ".*",
		"$JS.API.CONSUMER.INFO." + stream + ".*", "$JS.API.CONSUMER.MSG.NEXT." + stream + ".*",
	}
}

// lookups are the requests that tell of all streams.
func (s *Secured) lookups() []string {
	all := []string{"$JS.API.INFO"}
	for _, name := range []string{"CONTROL", "COMMANDS", "READINGS"} {
		all = append(all, "$JS.API.STREAM.INFO."+s.stream(name), "$JS.API.STREAM.MSG.GET."+s.stream(name))
	}
	return all
}

// exports are all that anybody may import.
func (s *Secured) exports() []string {
	all := s.lookups()
	for _, name := range []string{"CONTROL", "COMMANDS", "READINGS"} {
		all = append(all, s.consumers(name)...)
	}
	for _, tail := range []string{
		"member.*", "own.*", "cmd.*.*", "cancel.*.*", "probe.*", "reading.*.*", "spec.profile.*", "spec.device.*", "spec.desired.*",
	} {
		all = append(all, s.subject(tail))
	}
	return all
}

// imports are what a user's data connection may do.
func (s *Secured) imports(u User) []string {
	all := s.lookups()
	if u.Role == access.RoleGateway {
		all = slices.DeleteFunc(all, func(subject string) bool { return strings.HasSuffix(subject, "MSG.GET."+s.stream("READINGS")) })
		all = append(all, s.consumers("CONTROL")...)
		for _, tail := range []string{"member.*", "own.*", "cmd.*.*", "cancel.*.*", "probe." + u.Name, "reading.*." + u.Name} {
			all = append(all, s.subject(tail))
		}
		return all
	}
	for _, name := range []string{"CONTROL", "COMMANDS", "READINGS"} {
		all = append(all, s.consumers(name)...)
	}
	if u.Role == access.RoleOperator {
		all = append(all, s.subject("spec.profile.*"), s.subject("spec.device.*"), s.subject("spec.desired.*"))
	}
	return all
}

// talk are the permissions of a user's talk connection.
func (s *Secured) talk(u User) (publish, subscribe []string, more string) {
	subscribe = []string{"_INBOX." + u.Name + ".>"}
	if u.Role == access.RoleGateway {
		publish = []string{s.subject("event." + u.Name), s.subject("live.*." + u.Name)}
		subscribe = append(subscribe, s.subject("live."+u.Name+".*"), s.subject("api.*.*.*"), s.subject("api.*"), s.subject("gateway."+u.Name+".*"), "$SRV.>")
		return publish, subscribe, `, allow_responses: {max: 1, expires: "6m"}`
	}
	publish = []string{s.subject("gateway.*.status"), s.subject("gateway.*.history")}
	as := "." + string(u.Role) + "." + u.Name
	publish = append(publish, s.subject("api.command"+as))
	if u.Role != access.RoleViewer {
		publish = append(publish, s.subject("api.send"+as), s.subject("api.cancel"+as))
	}
	if u.Role == access.RoleOperator {
		publish = append(publish, s.subject("gateway.*.release"), s.subject("gateway.*.drain"))
	}
	return publish, append(subscribe, s.subject("event.*")), ""
}
