package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/roost-iot/roost/cluster/access"
)

// Times of the server for answers.
const (
	// talkExpires is how long a gateway may take for an answer: a client waits for a command for at most 5 minutes.
	talkExpires = "6m"
	// nextExpires is how long the server keeps the way back of a request for messages after its last answer. A
	// request is silent for no longer than its heartbeat.
	nextExpires = "1m"
)

// Files are the paths of certificates, as the server is to find them.
type Files struct {
	Certificate, Key, Authority string
}

// Configuration renders what keeps roles apart, in the language of nats-server's configuration: accounts, users, TLS
// for clients. It is a pure function. Extra are public keys of further administrators.
//
// A user without keys has its account, and is not let in.
//
// Routes is the name of the cluster of hubs, whose routes are to be encrypted and checked in both directions; empty
// for a hub that runs alone.
func Configuration(r *Roster, files Files, routes string, extra ...string) string {
	w := new(writer)
	w.line("# Roles of fleet %s. Made by roost hub; changes belong into its users file.", r.Fleet)
	w.tls(files, "")
	if routes != "" {
		w.line("cluster {")
		w.line("  name: %s", quote(routes))
		w.tls(files, "  ")
		w.line("}")
	}
	w.line("accounts {")
	w.fleet(r, extra)
	users := r.active(access.RoleGateway, access.RoleOperator, access.RoleLimited, access.RoleViewer)
	for _, u := range users {
		w.data(r.Fleet, u)
	}
	w.talk(r.Fleet, users)
	w.line("}")
	return w.String()
}

type writer struct{ strings.Builder }

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// tls writes the certificates. Those who dial a route show theirs, too.
func (w *writer) tls(f Files, indent string) {
	w.line(indent + "tls {")
	w.line(indent+"  cert_file: %s", quote(f.Certificate))
	w.line(indent+"  key_file: %s", quote(f.Key))
	if indent != "" {
		w.line(indent+"  ca_file: %s", quote(f.Authority))
		w.line(indent + "  verify: true")
	}
	w.line(indent+"  timeout: %d", handshake)
	w.line(indent + "}")
}

// handshake is how long a handshake may take, in seconds: boards are slow.
const handshake = 5

// fleet writes the account of the streams. It offers what anybody of the fleet imports; who does not import it, does not
// have it.
func (w *writer) fleet(r *Roster, extra []string) {
	w.line("  ROOST {")
	w.line("    jetstream: enabled")
	w.line("    users: [")
	for _, u := range r.active(access.RoleAdmin) {
		if u.Data != "" {
			w.line("      {nkey: %s}", u.Data)
		}
	}
	for _, key := range extra {
		w.line("      {nkey: %s}", key)
	}
	w.line("    ]")
	w.line("    exports: [")
	for _, subject := range offered(r.Fleet) {
		if strings.HasPrefix(subject, nextMessage) {
			w.line("      {service: %s, response_type: stream, response_threshold: %q}", quote(subject), nextExpires)
			continue
		}
		w.line("      {service: %s}", quote(subject))
	}
	w.line("    ]")
	w.line("  }")
}

// offered are all subjects that some role imports, with any name.
func offered(fleet string) []string {
	var list []string
	for _, role := range []access.Role{access.RoleGateway, access.RoleOperator} {
		list = append(list, RightsOf(fleet, User{Name: "*", Role: role}).Imports...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// data writes the account of a user's data connection.
func (w *writer) data(fleet string, u User) {
	w.line("  %s {", quote(u.account()))
	if u.Data != "" {
		w.line("    users: [{nkey: %s}]", u.Data)
	}
	w.line("    imports: [")
	for _, subject := range RightsOf(fleet, u).Imports {
		w.line("      {service: {account: ROOST, subject: %s}}", quote(subject))
	}
	w.line("    ]")
	w.line("  }")
}

// talk writes the account of all talk connections.
func (w *writer) talk(fleet string, users []User) {
	w.line("  TALK {")
	w.line("    users: [")
	for _, u := range users {
		if u.Talk == "" {
			continue
		}
		rights := RightsOf(fleet, u)
		w.line("      {nkey: %s, permissions: {", u.Talk)
		w.line("        publish: {allow: [%s]}", quoteAll(rights.Publish))
		w.line("        subscribe: {allow: [%s]}", quoteAll(rights.Subscribe))
		if rights.Answers {
			w.line("        allow_responses: {max: 1, expires: %q}", talkExpires)
		}
		w.line("      }}")
	}
	w.line("    ]")
	w.line("  }")
}

func quoteAll(list []string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, quote(s))
	}
	return strings.Join(quoted, ", ")
}

// quote writes a string. The server knows fewer escapes than Go.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + `"`
}
