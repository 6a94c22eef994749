package guard_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub/guard"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A users file is taken as a whole or not at all: what is wrong in it may have been meant to keep somebody out.
func TestRosterRefuses(t *testing.T) {
	s := enrolled(t, t.TempDir(), "")
	good := contents(t, s.folder)["users"]
	key := read(t, s.folder).Find("g1").Data
	last := map[bool]string{true: "B", false: "A"}[strings.HasSuffix(key, "A")] // any but its own
	for name, change := range map[string]func(string) string{
		"empty":             func(string) string { return "" },
		"cut off":           func(text string) string { return text[:len(text)/2] },
		"more behind":       func(text string) string { return text + "{}" },
		"unknown field":     func(text string) string { return strings.Replace(text, `"role"`, `"rolle"`, 1) },
		"field beside":      func(text string) string { return strings.Replace(text, `"role"`, `"until": "2026-01-01", "role"`, 1) },
		"unknown role":      func(text string) string { return strings.Replace(text, `"viewer"`, `"king"`, 1) },
		"no role":           func(text string) string { return strings.Replace(text, `"viewer"`, `""`, 1) },
		"name with a dot":   func(text string) string { return strings.Replace(text, `"g1"`, `"g.1"`, 1) },
		"name with a star":  func(text string) string { return strings.Replace(text, `"g1"`, `"*"`, 1) },
		"name with a quote": func(text string) string { return strings.Replace(text, `"g1"`, `"g\""`, 1) },
		"no name":           func(text string) string { return strings.Replace(text, `"g1"`, `""`, 1) },
		"name twice":        func(text string) string { return strings.Replace(text, `"g1"`, `"g2"`, 1) },
		"fleet with a dot":  func(text string) string { return strings.Replace(text, `"fleet": "f"`, `"fleet": "f.x"`, 1) },
		"no fleet":          func(text string) string { return strings.Replace(text, `"fleet": "f"`, `"fleet": ""`, 1) },
		"limited to all":    func(text string) string { return strings.Replace(text, `"site=north"`, `""`, 1) },
		"bad selector":      func(text string) string { return strings.Replace(text, `"site=north"`, `"site"`, 1) },
		"key of a seed":     func(text string) string { return strings.Replace(text, key, s.credentials["g1"].Data, 1) },
		"no key":            func(text string) string { return strings.Replace(text, key, "", 1) },
		"bad key":           func(text string) string { return strings.Replace(text, key, key[:len(key)-1]+last, 1) },
		"same key":          func(text string) string { return strings.Replace(text, read(t, s.folder).Find("g2").Data, key, 1) },
		"bad time":          func(text string) string { return strings.Replace(text, `"enrolled": "2`, `"enrolled": "x`, 1) },
	} {
		changed := change(good)
		if changed == good {
			t.Errorf("%s: nothing was changed", name)
		}
		_, err := guard.ParseRoster([]byte(changed))
		if !errors.Is(err, guard.ErrRoster) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), s.credentials["g1"].Data) {
			t.Errorf("%s: the error has a seed in it: %v", name, err)
		}
	}
}

// FuzzRoster: whatever is taken as a roster gives a configuration that the server takes, in which nobody has more than
// his name allows.
func FuzzRoster(f *testing.F) {
	f.Add([]byte(`{"fleet":"f","hosts":[],"users":[]}`))
	f.Add([]byte(`{"fleet":"f","hosts":["a"],"users":[{"name":"a","role":"admin","data":"UDCAY6INJVI4QUBMC3RNYYJG25SONN7AWD43J55KJSDZIINAIPJ6V6WY","enrolled":"2026-11-26T01:06:41Z"}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := guard.ParseRoster(content)
		if err != nil {
			return
		}
		text := guard.Configuration(r, guard.Files{}, "")
		text = text[strings.Index(text, "accounts"):] // there are no certificates
		if err := new(server.Options).ProcessConfigString(text); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	})
}

// Every id can be a name, and no two names are taken for each other.
func TestRightsOfNames(t *testing.T) {
	for _, name := range []string{"a", "-", "_", "A-b_9", "0", "true", "include", strings.Repeat("x", roostv1.MaxID)} {
		for _, role := range []access.Role{access.RoleGateway, access.RoleOperator, access.RoleLimited, access.RoleViewer} {
			rights := guard.RightsOf("f", guard.User{Name: name, Role: role})
			for _, subject := range append(rights.Publish, rights.Subscribe...) {
				if strings.Contains(subject, "..") || strings.HasSuffix(subject, ".") || subject == ">" || subject == "*" {
					t.Errorf("%s %s has the right to %q", role, name, subject)
				}
			}
		}
	}
	if rights := guard.RightsOf("f", guard.User{Name: "a", Role: access.RoleAdmin}); len(rights.Imports)+len(rights.Publish)+len(rights.Subscribe) > 0 {
		t.Errorf("an administrator is in an account of its own: %+v", rights)
	}
}
