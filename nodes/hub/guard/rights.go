package guard

import "github.com/roost-iot/roost/cluster/access"

// Rights is what one user may do.
type Rights struct {
	// Imports are the subjects of the account ROOST that the data connection may publish to.
	Imports []string
	// Publish and Subscribe are the subjects of the account TALK.
	Publish, Subscribe []string
	// Answers says that requests may be answered that were received, once each.
	Answers bool
}

// RightsOf returns what a user of a fleet may do. An administrator's are not limited, and not told here. What is not
// listed is refused.
func RightsOf(fleet string, u User) Rights {
	f := subjects{root: "roost." + fleet + ".", streams: "ROOST_" + fleet + "_"}
	switch u.Role {
	case access.RoleGateway:
		return f.gateway(u.Name)
	case access.RoleOperator:
		r := f.reader(u)
		r.Imports = append(r.Imports, f.all("spec.profile.*", "spec.device.*", "spec.desired.*")...)
		r.Publish = append(f.asking(u, "send", "cancel", "command"), f.all(
			"gateway.*.status", "gateway.*.history", "gateway.*.release", "gateway.*.drain")...)
		return r
	case access.RoleLimited:
		r := f.reader(u)
		r.Publish = append(f.asking(u, "send", "cancel", "command"), f.all("gateway.*.status", "gateway.*.history")...)
		return r
	case access.RoleViewer:
		r := f.reader(u)
		r.Publish = append(f.asking(u, "command"), f.all("gateway.*.status", "gateway.*.history")...)
		return r
	}
	return Rights{}
}

// The streams of a fleet.
const (
	control  = "CONTROL"
	commands = "COMMANDS"
	readings = "READINGS"
)

// subjects are those of one fleet.
type subjects struct {
	root    string // of its own subjects
	streams string // of the names of its streams
}

func (f subjects) all(tails ...string) []string {
	var list []string
	for _, tail := range tails {
		list = append(list, f.root+tail)
	}
	return list
}

// asking are the requests that any gateway takes, under the name of who asks.
func (f subjects) asking(u User, verbs ...string) []string {
	var list []string
	for _, verb := range verbs {
		list = append(list, f.root+"api."+verb+"."+string(u.Role)+"."+u.Name)
	}
	return list
}

// gateway is what a gateway may do: all that concerns members, owners and commands, which gateways trust each other
// with, but readings, events and live traffic as itself only. Of streams it follows the control stream.
func (f subjects) gateway(id string) Rights {
	r := Rights{
		Imports: append(f.describe(control, commands, readings), append(f.last(control, commands), f.follow(control)...)...),
		Publish: f.all("event."+id, "live.*."+id),
		Subscribe: append(f.all("live."+id+".*", "api.*.*.*", "api.*", "gateway."+id+".*"),
			"$SRV.>", inbox(id)),
		Answers: true,
	}
	r.Imports = append(r.Imports, f.all("member.*", "own.*", "cmd.*.*", "cancel.*.*", "probe."+id, "reading.*."+id)...)
	return r
}

// reader is what everybody may do who is no gateway.
func (f subjects) reader(u User) Rights {
	streams := []string{control, commands, readings}
	r := Rights{Imports: append(f.describe(streams...), f.last(streams...)...)}
	for _, stream := range streams {
		r.Imports = append(r.Imports, f.follow(stream)...)
	}
	r.Subscribe = append(f.all("event.*"), inbox(u.Name))
	return r
}

// describe are the requests for what streams there are.
func (f subjects) describe(streams ...string) []string {
	list := []string{"$JS.API.INFO"}
	for _, s := range streams {
		list = append(list, "$JS.API.STREAM.INFO."+f.streams+s)
	}
	return list
}

// last are the requests for the last record of a subject.
func (f subjects) last(streams ...string) []string {
	var list []string
	for _, s := range streams {
		list = append(list, "$JS.API.STREAM.MSG.GET."+f.streams+s)
	}
	return list
}

// nextMessage is what messages of a consumer are asked for by. There are many answers to one.
const nextMessage = "$JS.API.CONSUMER.MSG.NEXT."

// follow are the requests that one reads a stream by.
func (f subjects) follow(stream string) []string {
	var list []string
	for _, request := range []string{"$JS.API.CONSUMER.CREATE.", "$JS.API.CONSUMER.DELETE.", "$JS.API.CONSUMER.INFO.", nextMessage} {
		list = append(list, request+f.streams+stream+".>")
	}
	return list
}

// inbox is where a user receives answers.
func inbox(name string) string { return access.InboxPrefix(name) + ".>" }
