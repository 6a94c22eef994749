package fleetfile_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// aliases returns a small file that stands for 100^4 arguments of commands.
func aliases() string {
	return `profiles:
- &p
  id: p
  commands:
  - &c
    name: c
    arguments: [&a {name: a, options: [` + strings.Repeat("x,", 100) + `]},` + strings.Repeat("*a,", 100) + `]
` + strings.Repeat("  - *c\n", 100) + strings.Repeat("- *p\n", 100)
}

// Files that mean harm are refused, in bounded memory.
func TestHostileFiles(t *testing.T) {
	for name, file := range map[string]string{
		"aliases of aliases": aliases(),
		"endless alias":      "devices: &d\n- *d\n",
		"alias of itself":    "&f\nprofiles:\n- *f\n",
		"deep lists":         "devices: " + strings.Repeat("[", 1<<20),
		"deep fields":        strings.Repeat("{a: ", 1<<20),
		"deep keys":          strings.Repeat("? ", 1<<20),
		"one long key":       strings.Repeat("x", 1<<20) + ": 1",
		"many keys":          strings.Repeat("devices: []\n", 1<<16),
		"many problems":      "devices: [" + strings.Repeat("~,", 1<<16) + "]",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := fleetfile.Parse("fleet.yaml", []byte(file))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("Parse = %v, want ErrInvalid", err)
			}
			if len(err.Error()) > 32<<10 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 512 {
				t.Errorf("%d MiB allocated for %d KiB", used, len(file)>>10)
			}
		})
	}
}

// Whatever the bytes are, Parse returns a fleet that is valid and that it reads back
// from JSON as it is, or an error with the places of its problems.
func FuzzParse(f *testing.F) {
	f.Add([]byte(valve))
	f.Add(fleetfile.Example())
	f.Add([]byte(device + "labels: {a: b}\n  supervision: &s {base_delay: 1s}\n- {id: e, supervision: *s}"))
	f.Add([]byte("devices: [{id: a}]\n---\n[]"))
	f.Add([]byte("devices: &d\n- *d\n<<: *d"))
	f.Add([]byte("\uFEFF{\"devices\":[{\"outboxLimit\":\"1\"}]}"))
	f.Add([]byte("a: |2\n  x\n\u2028b: >-\n  \"\\u0000\"\r\r\n? x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fleet, err := fleetfile.Parse("fleet.yaml", data)
		if err != nil {
			checkError(t, err)
			return
		}
		if problems := roostv1.ValidateFleet(fleet); len(problems) > 0 {
			t.Fatalf("the fleet has problems: %v", problems)
		}
		again, err := protojson.Marshal(fleet)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fleetfile.Parse("again.json", again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if !proto.Equal(fleet, got) {
			t.Errorf("read back as %v, was %v", got, fleet)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var all *fleetfile.Error
	if !errors.As(err, &all) || !errors.Is(err, roostv1.ErrInvalid) {
		t.Fatalf("%T %v, want *Error that is ErrInvalid", err, err)
	}
	if len(all.Problems) == 0 {
		t.Error("an error without problems")
	}
	for i, p := range all.Problems {
		if p.Line < 1 || p.Column < 1 || p.Message == "" || p.Caret < 0 {
			t.Errorf("problem %d has no place or no message: %+v", i, p)
		}
		if i > 0 && p.Line < all.Problems[i-1].Line {
			t.Errorf("problem %d is not in order", i)
		}
	}
	if !strings.HasPrefix(err.Error(), "fleet.yaml:") {
		t.Errorf("%q does not start with the name of the file", err)
	}
}
