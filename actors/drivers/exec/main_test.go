package exec_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/exec"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Good programs are those in the folder examples, and run by Python and the shell. The bad ones are this test's own binary, started
// once more with the name of a behaviour.

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "behave" {
		behave(os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
	isBytes  = roostv1.ValueType_VALUE_TYPE_BYTES
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
)

func resource(name string, t roostv1.ValueType) *roostv1.Resource {
	return &roostv1.Resource{Name: name, Type: t, Access: roostv1.Access_ACCESS_READ_WRITE}
}

// device returns one with an address, written as "key=value key=value".
func device(address string, resources ...*roostv1.Resource) actors.Device {
	spec := &roostv1.DeviceSpec{Id: "boiler", Driver: exec.Name, Profile: "p", Address: map[string]string{}}
	for _, entry := range strings.Fields(address) {
		key, value, _ := strings.Cut(entry, "=")
		spec.Address[key] = value
	}
	return actors.Device{Spec: spec, Profile: &roostv1.Profile{Id: "p", Resources: resources}}
}

// behaving returns a device whose program behaves in a way.
func behaving(t testing.TB, how, address string, resources ...*roostv1.Resource) (*exec.Driver, actors.Device) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if len(resources) == 0 {
		resources = []*roostv1.Resource{resource("level", isUint)}
	}
	d := device("program="+self+" arg1=behave arg2="+how+" "+address, resources...)
	d.Profile.Commands = []*roostv1.CommandSpec{{Name: "start"}}
	return &exec.Driver{Allow: []string{filepath.Dir(self)}, Secrets: keys.Anywhere}, d
}

// opened opens a device, for as long as the test.
func opened(t testing.TB, driver *exec.Driver, d actors.Device) actors.Session {
	t.Helper()
	s, err := driver.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(t.Context()) }) // by then its context has ended
	return s
}

// conversation is what a behaviour has: the questions, one at a time, and the way to answer.
type conversation struct {
	in *bufio.Scanner
}

type question struct {
	Op        string                     `json:"op"`
	ID        int                        `json:"id"`
	Ms, Until int64                      `json:"-"`
	Resources json.RawMessage            `json:"resources"`
	Value     json.RawMessage            `json:"value"`
	All       map[string]json.RawMessage `json:"-"`
	line      string
}

func (c conversation) next() (q question, ok bool) {
	if !c.in.Scan() {
		return q, false
	}
	q.line = c.in.Text()
	if err := json.Unmarshal(c.in.Bytes(), &q); err != nil {
		panic(err)
	}
	_ = json.Unmarshal(c.in.Bytes(), &q.All)
	_ = json.Unmarshal(q.All["ms"], &q.Ms)
	_ = json.Unmarshal(q.All["until"], &q.Until)
	return q, true
}

// pushes is what a program says of itself when it is opened.
var pushes bool

// usual answers as a good program does. The level is the number of its process.
func (q question) usual() {
	switch q.Op {
	case "open":
		say(`{"id":%d,"ok":true,"pushes":%v}`, q.ID, pushes)
	case "poll":
		say(`{"id":%d,"values":{"level":%d}}`, q.ID, os.Getpid())
	default:
		say(`{"id":%d,"ok":true}`, q.ID)
	}
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// hang does nothing any more, for longer than any test.
func hang() { <-time.After(time.Minute) }

// behave is a program that behaves in a way: what it does with a question, by its name.
func behave(how string) {
	do := behaviours[how]
	if do == nil {
		panic("there is no behaviour " + how)
	}
	c := conversation{bufio.NewScanner(os.Stdin)}
	c.in.Buffer(nil, 1<<20)
	for {
		q, ok := c.next()
		if !ok {
			return
		}
		do(q, c)
	}
}
