package sparkplug_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// line is an edge node as a test sees it.
type line struct {
	t    *testing.T
	node sparkplug.Node
	seq  uint8
}

// hear gives the node the next message, and returns what it has told as text.
func (l *line) hear(verb sparkplug.Verb, device string, metrics ...sparkplug.Metric) string {
	if verb == sparkplug.NodeBirth {
		l.seq = 0
	}
	b := sparkplug.EncodeSeq(time.UnixMilli(1000), l.seq, metrics...)
	if verb == sparkplug.NodeDeath {
		b = sparkplug.Encode(time.UnixMilli(1000), metrics...)
	} else {
		l.seq++
	}
	return show(l.node.Hear(sparkplug.Message{Verb: verb, Device: device, Payload: b}))
}

func (l *line) want(got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("got  %s\nwant %s", got, want)
	}
}

func show(h sparkplug.Heard) string {
	var said []string
	for _, one := range []struct {
		is   bool
		says string
	}{{h.NodeBorn, "node born"}, {h.Birth, "born"}, {h.Died, "died"}, {h.Flaw != nil, "flawed"}} {
		if one.is {
			said = append(said, one.says)
		}
	}
	for i := range h.Readings {
		r := &h.Readings[i]
		v, err := r.Value(r.Type)
		text := r.Name + "=" + v.Format()
		if err != nil {
			text = r.Name + ": " + err.Error()
		}
		if r.Doubtful {
			text += "?"
		}
		said = append(said, text)
	}
	if h.Lost > 0 {
		said = append(said, fmt.Sprintf("%d lost", h.Lost))
	}
	if h.Unread > 0 {
		said = append(said, fmt.Sprintf("%d unread", h.Unread))
	}
	if h.Rebirth != "" {
		said = append(said, "rebirth: "+h.Rebirth)
	}
	return strings.Join(said, ", ")
}

func born(name string, alias uint64, value int64) sparkplug.Metric {
	m, _ := sparkplug.Of(name, sparkplug.Int32, roostv1.Int(value))
	m.Alias, m.HasAlias = alias, true
	return m
}

// by is a value by alias, without a name and a datatype.
func by(alias uint64, value int64) sparkplug.Metric {
	m := born("", alias, value)
	m.Type = 0
	return m
}

func numbered(n int64) sparkplug.Metric {
	m, _ := sparkplug.Of("bdSeq", sparkplug.Int64, roostv1.Int(n))
	return m
}

func TestNode(t *testing.T) {
	l := &line{t: t}
	l.want(l.hear(sparkplug.DeviceData, "d", by(1, 5)), "rebirth: DDATA came before the edge node's birth")
	l.want(l.hear(sparkplug.NodeBirth, "", numbered(3), born("up", 1, 0)), "node born, born, bdSeq=3, up=0")
	l.want(l.hear(sparkplug.DeviceData, "d", by(1, 5)), "rebirth: DDATA came before the birth of d")
	l.want(l.hear(sparkplug.NodeData, "", by(1, 6)), "up=6, rebirth: DDATA came before the birth of d")
	l.hear(sparkplug.NodeBirth, "", numbered(3), born("up", 1, 0))
	l.want(l.hear(sparkplug.DeviceBirth, "d", born("speed", 1, 10), born("level", 2, 20)), "born, speed=10, level=20")
	l.want(l.hear(sparkplug.DeviceData, "d", by(2, 21)), "level=21")
	l.want(l.hear(sparkplug.NodeData, "", by(1, 7)), "up=7")
	l.want(l.hear(sparkplug.DeviceData, "d", by(9, 1), by(1, 11)),
		`speed=11, 1 unread, rebirth: a DDATA has a metric that no birth has named: "", alias 9`)
	l.hear(sparkplug.NodeBirth, "", numbered(3))
	l.hear(sparkplug.DeviceBirth, "d", born("speed", 1, 10), born("level", 2, 20))
	l.want(l.hear(sparkplug.DeviceData, "d", born("other", 8, 4)), "other=4")
	if m, is := l.node.Metric("d", "level"); !is || m.Alias != 2 || m.Type != sparkplug.Int32 {
		t.Errorf("level was born as %+v, %v", m, is)
	}
	l.want(l.hear(sparkplug.DeviceDeath, "d"), "died")
	if _, is := l.node.Metric("d", "level"); is || l.node.Born("d") || !l.node.Born("") {
		t.Error("a device that has died is there, or its edge node is not")
	}
	l.want(l.hear(sparkplug.DeviceData, "d", by(2, 21)), "rebirth: DDATA came before the birth of d")
}

func TestLastValues(t *testing.T) {
	l := &line{t: t}
	old := by(2, 1)
	old.Historical = true
	l.hear(sparkplug.NodeBirth, "")
	long, _ := sparkplug.Of("long", sparkplug.String, roostv1.Text(strings.Repeat("x", 2000)))
	l.hear(sparkplug.DeviceBirth, "d", born("speed", 1, 10), born("level", 2, 20), long)
	l.hear(sparkplug.DeviceData, "d", by(1, 11), old)
	var last []string
	for _, r := range l.node.Last("d") {
		v, _ := r.Value(r.Type)
		last = append(last, r.Name+"="+v.Format())
	}
	slices.Sort(last)
	if diff := cmp.Diff([]string{"level=20", "speed=11"}, last); diff != "" {
		t.Errorf("last values (-want +got):\n%s", diff)
	}
}

// TestGap: what is missing is counted over 255 too, and what comes after it is in doubt until the next birth.
func TestGap(t *testing.T) {
	l := &line{t: t}
	l.hear(sparkplug.NodeBirth, "", born("a", 1, 0))
	for range 300 {
		l.want(l.hear(sparkplug.NodeData, "", by(1, 1)), "a=1")
	}
	l.seq += 3
	l.want(l.hear(sparkplug.NodeData, "", by(1, 2)), "a=2?, 3 lost, rebirth: a message of sequence 48 came, and not the one of 45")
	l.want(l.hear(sparkplug.NodeData, "", by(1, 3)), "a=3?, rebirth: a message of sequence 48 came, and not the one of 45")
	l.want(l.hear(sparkplug.NodeBirth, "", born("a", 1, 4)), "node born, born, a=4")
	l.want(l.hear(sparkplug.NodeData, "", by(1, 5)), "a=5")
}

// TestOvertaken: brokers keep messages in order at one topic only. One that comes late was declared lost, once.
func TestOvertaken(t *testing.T) {
	l := &line{t: t}
	l.hear(sparkplug.NodeBirth, "", born("a", 1, 0))
	l.seq = 2
	l.want(l.hear(sparkplug.NodeData, "", by(1, 2)), "a=2?, 1 lost, rebirth: a message of sequence 2 came, and not the one of 1")
	l.seq = 1
	l.want(l.hear(sparkplug.NodeData, "", by(1, 1)), "a=1?, rebirth: a message of sequence 1 came, and not the one of 3")
	l.seq = 3
	l.want(l.hear(sparkplug.NodeData, "", by(1, 3)), "a=3?, rebirth: a message of sequence 1 came, and not the one of 3")
}

func TestDeathOfAnotherBirth(t *testing.T) {
	l := &line{t: t}
	l.want(l.hear(sparkplug.NodeDeath, "", numbered(0)), "")
	l.hear(sparkplug.NodeBirth, "", numbered(4))
	l.want(l.hear(sparkplug.NodeDeath, "", numbered(3)), "")
	l.want(l.hear(sparkplug.NodeDeath, ""), "")
	if !l.node.Born("") {
		t.Error("the edge node has died of an earlier birth's death")
	}
	l.want(l.hear(sparkplug.NodeDeath, "", numbered(4)), "died")
	if l.node.Born("") {
		t.Error("the edge node is there after its death")
	}
}

// TestGarbled: a message that cannot be read is a gap of known length, and not one more with the next message.
func TestGarbled(t *testing.T) {
	l := &line{t: t}
	l.hear(sparkplug.NodeBirth, "", born("a", 1, 0))
	l.hear(sparkplug.DeviceBirth, "d", born("b", 1, 0))
	l.seq++
	h := l.node.Hear(sparkplug.Message{Verb: sparkplug.DeviceData, Device: "d", Payload: []byte("{}")})
	if h.Flaw == nil || h.Unread != 1 || h.Rebirth == "" {
		t.Errorf("garbage: %s", show(h))
	}
	l.want(l.hear(sparkplug.DeviceData, "d", by(1, 1)), "b=1, rebirth: "+h.Rebirth)
	l.seq++
	if h := l.node.Hear(sparkplug.Message{Verb: sparkplug.NodeData, TooLong: true}); h.Flaw == nil {
		t.Errorf("too long: %s", show(h))
	}
	if got := l.hear(sparkplug.DeviceData, "d", by(1, 2)); !strings.HasPrefix(got, "b=2, rebirth") {
		t.Errorf("after it came %s", got)
	}
	if h := l.node.Hear(sparkplug.Message{Verb: sparkplug.NodeBirth, TooLong: true}); h.Flaw == nil || l.node.Born("") || l.node.Born("d") {
		t.Errorf("birth that is too long: %s", show(h))
	}
}

func TestBirthsThatAreRefused(t *testing.T) {
	l := &line{t: t}
	l.want(l.hear(sparkplug.NodeBirth, "", born("a", 1, 0), born("b", 1, 0)), "node born, flawed")
	l.hear(sparkplug.NodeBirth, "")
	l.want(l.hear(sparkplug.DeviceBirth, "d", by(1, 0)), "flawed")
	many := make([]sparkplug.Metric, 10000)
	for i := range many {
		many[i] = born(fmt.Sprint(i), uint64(i), 0)
	}
	l.hear(sparkplug.DeviceBirth, "d", many...)
	l.hear(sparkplug.DeviceBirth, "d", many...) // the same ones again
	if !l.node.Born("d") {
		t.Error("10,000 metrics are refused")
	}
	l.want(l.hear(sparkplug.DeviceBirth, "e", many...), "flawed")
	l.hear(sparkplug.DeviceDeath, "d")
	l.hear(sparkplug.DeviceBirth, "e", many...)
	if !l.node.Born("e") {
		t.Error("metrics of a device that has died are counted")
	}
}
