package fleetfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// problems parses a file that must be refused, and returns its problems as
// "line:column: message".
func problems(t *testing.T, file string, options ...roostv1.FleetOption) []string {
	t.Helper()
	fleet, err := fleetfile.Parse("fleet.yaml", []byte(file), options...)
	if err == nil {
		t.Fatalf("Parse(%q) = %v, want an error", file, fleet)
	}
	if fleet != nil {
		t.Errorf("Parse(%q) returned a fleet beside its error", file)
	}
	if !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("Parse(%q): %v is not ErrInvalid", file, err)
	}
	var all *fleetfile.Error
	if !errors.As(err, &all) {
		t.Fatalf("Parse(%q): %T, want *Error", file, err)
	}
	var got []string
	for _, p := range all.Problems {
		got = append(got, fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message))
	}
	return got
}

// device is the start of a file with one device; what follows is a field of it.
const device = "devices:\n- id: d\n  profile: p\n  driver: sim\n  "

// profile is the start of a file with one resource; what follows is a field of it.
const profile = "profiles:\n- id: p\n  resources:\n  - name: r\n    type: double\n    "

// A file with one thing wrong has one problem, at its place.
func TestProblems(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		// The file as such.
		{"empty", "", "1:1: the file is empty: a fleet has profiles and devices"},
		{"comments only", "# nothing\n", "1:1: the file is empty: a fleet has profiles and devices"},
		{"null", "---\n~\n", "1:1: the file is empty: a fleet has profiles and devices"},
		{"two documents", "devices: []\n---\ndevices: []\n", "3:1: a second document begins here: a fleet file has one"},
		{"too large", strings.Repeat("#", fleetfile.MaxSize+1), "1:1: the file has more than 8 MiB: split it"},
		{"not UTF-8", "devices: []\n# caf\xe9\n", "2:6: byte 0xe9 is not part of any text: a fleet file is UTF-8"},
		{"control character", "devices:\n- id: a\x00b\n", "2:8: byte 0x00 is not part of any text: a fleet file is UTF-8"},
		{"text", "hello\n", `1:1: the file: expected fields, got the text "hello"`},
		{"list", "- id: d\n", "1:1: the file: expected fields, got a list"},

		// YAML.
		{"colon", "devices: a: b\n", "1:11: not YAML: mapping values are not allowed in this context"},
		{"indentation", "devices:\n  - id: d\n   bad: e\n", "3:4: not YAML: while parsing a block collection, did not find expected '-' indicator"},
		{"open bracket", "devices: [\n", "2:1: not YAML: while parsing a flow node, did not find expected node content"},
		{"tab", "devices:\n\t- id: d\n", "2:1: not YAML: while scanning for the next token, found character that cannot start any token"},
		{"open quote", "devices: \"x\n", "2:1: not YAML: while scanning a quoted scalar, found unexpected end of stream"},
		{"unknown anchor", "devices: *d\n", "1:10: not YAML: unknown anchor 'd' referenced"},
		{"second document is no YAML", "devices: []\n---\n[", "4:1: not YAML: while parsing a flow node, did not find expected node content"},

		// Fields.
		{"unknown field", device + "polinterval: 5s", "5:3: there is no field \"polinterval\" here; did you mean poll_interval?"},
		{"unknown field with no name near", "zzz: 1\n", `1:1: there is no field "zzz" here; there are profiles, devices`},
		{"other case", "Devices: []\n", `1:1: there is no field "Devices" here; did you mean devices?`},
		{"twice", device + "driver: sim", "5:3: driver is there already, in line 4"},
		{"twice, in both spellings", device + "pollInterval: 5s\n  poll_interval: 5s", "6:3: poll_interval is there already, in line 5"},
		{"merge key", device + "<<: {bus: b}", "5:3: merge keys (<<) are not supported: repeat the fields"},
		{"key is a list", device + "? [a]\n  : b", "5:5: expected the name of a field, got a list"},
		{"both of a choice", "profiles:\n- id: p\n  commands:\n  - name: c\n    steps:\n    - resource: r\n      argument: a\n      value: 1\n",
			"8:7: argument and value exclude each other"},

		// Types.
		{"fields for text", device + "bus: {a: b}", "5:8: bus: expected text, got fields"},
		{"list for text", device + "bus: [b]", "5:8: bus: expected text, got a list"},
		{"text for a list", device + "placement: {gateways: g}", "5:25: gateways: expected a list, got the text \"g\""},
		{"text for fields", device + "placement: g", "5:14: placement: expected fields, got the text \"g\""},
		{"text for a map", device + "labels: l", "5:11: labels: expected keys with values, got the text \"l\""},
		{"list for a map", device + "labels: [l]", "5:11: labels: expected keys with values, got a list"},
		{"map twice", device + "labels: {a: b, a: c}", "5:18: \"a\" is there already, in line 5"},
		{"map with no value", device + "labels: {a: }", `5:12: labels: "a" has no value; write "" for an empty text`},
		{"map with no key", device + "labels: {~: a}", "5:12: labels: expected a key, got nothing"},
		{"map in a map", device + "labels: {a: {b: c}}", `5:15: labels["a"]: expected text, got fields`},
		{"empty item", "devices:\n-\n", "2:2: devices: the item is empty"},
		{"empty text item", device + "placement: {gateways: [~]}", "5:26: gateways: the item is empty"},
		{"text for a truth", device + "exclusive_session: on", `5:22: exclusive_session: expected true or false, got the text "on"`},
		{"number for a truth", device + "exclusive_session: 1", "5:22: exclusive_session: expected true or false, got 1"},
		{"text for a number", profile + "min: low", `6:10: min: "low" is not a number`},
		{"infinite", profile + "min: .inf", `6:10: min: ".inf" is not a number`},
		{"fraction", device + "outbox_limit: 1.5", `5:17: outbox_limit: "1.5" is not a UINT`},
		{"negative", device + "outbox_limit: -1", `5:17: outbox_limit: "-1" is not a UINT`},
		{"too large for 32 bits", device + "outbox_limit: 4294967296", "5:17: outbox_limit: 4294967296 is larger than 4294967295"},
		{"too large for 64 bits", device + "revision: 18446744073709551616", `5:13: revision: "18446744073709551616" is out of the range of a UINT`},
		{"enum", profile + "access: rw", `6:13: access: there is no "rw"; there are read, write, read_write`},
		{"enum with a typo", profile + "access: red_write", `6:13: access: there is no "red_write"; did you mean read_write?`},
		{"enum by full name with a typo", profile + "access: ACCESS_RAED", `6:13: access: there is no "ACCESS_RAED"; did you mean read?`},
		{"enum by number", profile + "access: 3", `6:13: access: there is no "3"; there are read, write, read_write`},
		{"list for an enum", profile + "access: [read]", "6:13: access: expected one of read, write, read_write, got a list"},
		{"duration without a unit", device + "poll_interval: 5", "5:18: poll_interval: 5 has no unit: write 5s for seconds"},
		{"duration in days", device + "poll_interval: 1d", `5:18: poll_interval: expected a duration such as 90s, 1m30s or 200ms, got the text "1d"`},
		{"fields for a duration", device + "poll_interval: {seconds: 5}", "5:18: poll_interval: expected a duration such as 90s, 1m30s or 200ms, got fields"},
		{"private tag", device + "bus: !bus b", `5:8: bus: the tag "!bus" means nothing here`},
		{"value that is a list", "profiles:\n- id: p\n  commands:\n  - name: c\n    arguments:\n    - {name: a, type: int, default: [1]}\n",
			"6:37: default: expected fields, got a list"},
		{"value too large", "profiles:\n- id: p\n  commands:\n  - name: c\n    arguments:\n    - {name: a, type: bytes, default: !!binary '%'}\n",
			`6:39: default: "%" is not BYTES: neither 0x and hex digits nor base64`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := problems(t, test.file, roostv1.WithProfiles(func(id string) *roostv1.Profile {
				return &roostv1.Profile{Id: id}
			}))
			if diff := cmp.Diff([]string{test.want}, got); diff != "" {
				t.Errorf("%s\nproblems (-want +got):\n%s", test.file, diff)
			}
		})
	}
}

// A problem of the rules is told at the place that its path means.
func TestPlaceOfRule(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"scalar", "devices:\n- id: a b\n  profile: p\n  driver: sim\n", "2:7"},
		{"scalar by its name in JSON", device + "pollInterval: 0s", "5:17"},
		{"missing field of an item", "devices:\n\n- profile: p\n  driver: sim\n", "3:3"},
		{"missing field in flow style", "devices: [{profile: p, driver: sim}]", "1:11"},
		{"key of a map", device + "labels:\n    a: b\n    a b: c", "7:5"},
		{"quoted key of a map", device + `labels: {"a\"[0].b": c}`, "5:12"},
		{"item of a list", device + "placement:\n    gateways:\n    - g\n    - h i", "8:7"},
		{"fields", "profiles:\n- id: p\n  commands:\n  - name: c\n    arguments:\n    - name: a\n      type: int\n      default:\n        string: x\n", "8:7"},
		{"within an alias", "profiles: [{id: q, resources: [{name: r, type: double, min: &n -.5, max: -1}]}]", "1:61"},
		{"alias", "profiles: [{id: q, model: &m \"\\e\", manufacturer: *m}]", "1:50"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := problems(t, test.file, roostv1.WithProfiles(func(id string) *roostv1.Profile {
				return &roostv1.Profile{Id: id}
			}))
			if last := got[len(got)-1]; !strings.HasPrefix(last, test.want+": ") {
				t.Errorf("%s\nproblems %q, want the last at %s", test.file, got, test.want)
			}
		})
	}
}

// Mistakes of all kinds come in one error, sorted, and nothing that only follows from them.
func TestAllProblemsAtOnce(t *testing.T) {
	const file = `devices:
- id: cellar
  profile: sensor
  driver: sim
  poll_interval: 5          # no unit
- id: cellar                # twice; but the other one could not be read
  profile: sensor
  driver: modbus            # there is none
- id: attic
  profile: senser           # there is none
  drivr: sim                # typo: so nothing else is said of this device
- profile: sensor
  driver: sim
  labels: &l {"a b": c}
- {id: roof, profile: sensor, driver: sim, labels: *l}
`
	got := problems(t, file, roostv1.WithDrivers("sim"), roostv1.WithProfiles(func(id string) *roostv1.Profile {
		if id != "sensor" {
			return nil
		}
		return &roostv1.Profile{Id: id}
	}))
	want := []string{
		"5:18: poll_interval: 5 has no unit: write 5s for seconds",
		`6:7: cellar is there already, at devices[0].id`,
		`8:11: device cellar: there is no driver modbus; there are sim`,
		`11:3: there is no field "drivr" here; did you mean driver?`,
		"12:3: device id is empty",
		"14:15: device: the key has other characters than A-Z a-z 0-9 _ . / -",
		"14:15: device roof: the key has other characters than A-Z a-z 0-9 _ . / -",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// A device is not judged by a profile that could not be read, nor anything by a
// list that is missing through a typo.
func TestFollowingProblemsAreNotTold(t *testing.T) {
	for name, test := range map[string]struct{ file, want string }{
		"profile with a typo": {
			"profiles:\n- idd: p\ndevices:\n- {id: d, profile: p, driver: sim}\n",
			`2:3: there is no field "idd" here; did you mean id?`,
		},
		"profiles with a typo": {
			"profile:\n- id: p\ndevices:\n- {id: d, profile: p, driver: sim}\n",
			`1:1: there is no field "profile" here; did you mean profiles?`,
		},
	} {
		if diff := cmp.Diff([]string{test.want}, problems(t, test.file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestErrorText(t *testing.T) {
	long := "devices: [{id: a, profile: p, driver: sim" + strings.Repeat(" ", 100) + ", drivr: b, labels: {}}]"
	for name, test := range map[string]struct{ file, want string }{
		"carets": {
			"devices:\r\n- id: d\r\n  profil: p\r\n  drver: sim\r\n",
			`fleet.yaml:3:3: there is no field "profil" here; did you mean profile?
      profil: p
      ^
fleet.yaml:4:3: there is no field "drver" here; did you mean driver?
      drver: sim
      ^`,
		},
		"long line": {
			long,
			`fleet.yaml:1:144: there is no field "drivr" here; did you mean driver?
    ` + strings.Repeat(" ", 76) + `, drivr: b, labels: {}}]
    ` + strings.Repeat(" ", 78) + `^`,
		},
		"tabs, and letters of several bytes": {
			"devices:\n- \"id\":\t\"ä\"\n  \"\u00fc\":\tx\n",
			"fleet.yaml:3:3: there is no field \"ü\" here; there are id, description, profile, driver, address, bus, placement, " +
				"exclusive_session, admin_state, supervision, commands, poll_interval, labels, outbox_limit, revision\n      \"ü\": x\n      ^",
		},
		"end of the file": {
			"devices: [\n",
			"fleet.yaml:2:1: not YAML: while parsing a flow node, did not find expected node content",
		},
	} {
		_, err := fleetfile.Parse("fleet.yaml", []byte(test.file))
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if diff := cmp.Diff(test.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The text of an error stays readable when everything is wrong.
func TestErrorTextIsBounded(t *testing.T) {
	_, err := fleetfile.Parse("fleet.yaml", []byte(strings.Repeat("- x\n", 3)+"devices: ["+strings.Repeat("1,", 1000)+"]"))
	if err == nil {
		t.Fatal("no error")
	}
	_, err = fleetfile.Parse("fleet.yaml", []byte("devices: ["+strings.Repeat("1,", 1000)+"]"))
	if lines := strings.Count(err.Error(), "\n"); lines > 100 {
		t.Errorf("%d lines", lines)
	}
	if !strings.HasSuffix(err.Error(), "\nfleet.yaml: and 975 more problems") {
		t.Errorf("end of the text: %q", err.Error()[len(err.Error())-100:])
	}
}
