package mqttd_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqttd"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestOnlyKnownDevicesGetIn(t *testing.T) {
	at := freeAddress(t)
	t.Setenv("ROOST_TEST_PASSWORD", "secret of d")
	var log bytes.Buffer
	driver := &mqttd.Driver{Secrets: keys.Anywhere, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	good := greeting{id: "d", username: "u", password: "secret of d"}
	v, r := dialIn(t, driver, device("d", at, "username=u password=env:ROOST_TEST_PASSWORD"), newStore(), good)
	refused := driver.Counts().Refused
	strangers := []greeting{
		{id: "d"}, {id: "d", username: "u"}, {id: "d", username: "u", password: "wrong"}, {id: "d", username: "x", password: "secret of d"},
		{id: "e", username: "u", password: "secret of d"}, {id: "", username: "u", password: "secret of d"},
		{id: "#", username: "u", password: "secret of d"}, {id: strings.Repeat("\n", 60000), username: "u", password: "secret of d"},
	}
	for _, version := range []byte{4, 5} {
		for _, g := range strangers {
			g.version = version
			if code := dialRaw(t, at).connect(g); code <= 0 {
				t.Errorf("%+.60v: answered with %d, want a refusal", g, code)
			}
		}
	}
	if got := driver.Counts(); got.Refused-refused != 2*uint64(len(strangers)) || got.TakenOver != 0 {
		t.Errorf("counts %+v after %d refusals", got, refused)
	}
	if c, told := driver.Counts(), driver.Counted(); told["refused"] != c.Refused || told["connected"] != c.Connected || len(told) != 4 {
		t.Errorf("the gateway is told %v, want %+v", told, c)
	}
	r.publish("d/status", "online", 1, 1) // it is there still
	r.expect(packets.Puback)
	if err := v.Session.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the password is in the log:\n%s", &log)
	}
}

func TestPasswordIsNeededBeyondLoopback(t *testing.T) {
	err := newDriver().Check(device("d", "0.0.0.0:1883", ""))
	if !errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), "can be reached from other machines") {
		t.Errorf("got %v", err)
	}
	t.Setenv("ROOST_TEST_PASSWORD", "")
	d := device("d", freeAddress(t), "username=u password=env:ROOST_TEST_PASSWORD")
	if _, err := newDriver().Open(t.Context(), d); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("opened without the password: %v", err)
	}
}

// TestOnlyItsOwnTopics: a device says and hears nothing of the other's, whatever it asks for.
func TestOnlyItsOwnTopics(t *testing.T) {
	at, one, two := freeAddress(t), newStore(), newStore()
	driver := newDriver()
	_, a := dialIn(t, driver, device("a", at, "base=site/a"), one, greeting{id: "a"})
	v, b := dialIn(t, driver, device("b", at, ""), two, greeting{id: "b"})
	for _, filter := range []string{"#", "+/#", "b/#", "site/#", "site/+/x", "+/a/x", "$SYS/#", "$share/g/a/x", "sitea/x"} {
		if code := a.subscribe(filter, 1); code < 0x80 {
			t.Errorf("a may subscribe to %s", filter)
		}
	}
	for _, filter := range []string{"site/a/#", "site/a", "a/+", "a/valve/set", "cmnd/a/POWER"} {
		if code := a.subscribe(filter, 1); code >= 0x80 {
			t.Errorf("a may not subscribe to %s", filter)
		}
	}
	for i, topic := range []string{"b/status", "b/climate", "elsewhere"} {
		a.publish(topic, "online", 1, uint16(i+1))
		a.expect(packets.Puback)
		a.publish(topic, "online", 0, 0)
	}
	a.publish("a/status", "online", 1, 9)
	a.expect(packets.Puback)
	if got := driver.Counts().Foreign; got != 9+6 {
		t.Errorf("%d foreign topics were counted, want 15", got)
	}
	b.publish("b/status", "online", 1, 9)
	b.expect(packets.Puback)
	one.wait(t, 1)
	two.wait(t, 1)
	first, _ := one.all()
	second, _ := two.all()
	if len(first) != 1 || len(second) != 1 {
		t.Errorf("a has %v, b has %v; want one each", first, second)
	}
	b.subscribe("b/#", 1)
	ended := v.writing(patience)
	b.puback(b.expect(packets.Publish).PacketID, 0)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if pk, err := a.readWithin(50 * time.Millisecond); err == nil {
		t.Errorf("a heard of what was said to b: %+v", pk)
	}
}

// TestForeignTopicIsRefusedWhereMQTTHasAWord for that.
func TestForeignTopicIsRefusedWhereMQTTHasAWord(t *testing.T) {
	at := freeAddress(t)
	_, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d", version: 5})
	r.publish("elsewhere", "x", 1, 1)
	if pk := r.expect(packets.Puback); pk.ReasonCode != packets.ErrNotAuthorized.Code {
		t.Errorf("answered with %#02x", pk.ReasonCode)
	}
}

// TestGarbage: whatever comes, it ends its own connection at most.
func TestGarbage(t *testing.T) {
	at := freeAddress(t)
	_, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
	random := rand.New(rand.NewPCG(1, 2))
	connect := "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01x"
	starts := []string{"", "\x10", connect, "GET / HTTP/1.1\r\n\r\n", "\x10\xff\xff\xff\x7f", "\xff\xff\xff\xff\xff"}
	for i := range 300 {
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(starts[i%len(starts)])
		for range random.IntN(200) {
			text = append(text, byte(random.Uint32()))
		}
		_, _ = conn.Write(text)
		_ = conn.Close()
	}
	for i := range 300 { // from a device that was let in
		g := letIn(t, at, greeting{id: "d", version: byte(4 + i%2)})
		text := []byte{byte(i<<4) | byte(random.Uint32()&15), byte(random.IntN(40))}
		for range text[1] {
			text = append(text, byte(random.IntN(8)))
		}
		_, _ = g.conn.Write(text)
		_ = g.conn.Close()
	}
	_ = r.conn.Close()
	r = letIn(t, at, greeting{id: "d"})
	r.publish("d/status", "online", 1, 1)
	r.expect(packets.Puback)
}

func TestTooLongMessage(t *testing.T) {
	at := freeAddress(t)
	_, r := dialIn(t, newDriver(), device("d", at, ""), newStore(), greeting{id: "d"})
	_ = r.try(publication("d/status", strings.Repeat("x", 300<<10), 1, 1))
	if came := r.gone(); len(came) > 0 {
		t.Errorf("it was answered with %+v", came)
	}
}

// TestStrangersAreFew: who dials and says nothing takes no device's place.
func TestStrangersAreFew(t *testing.T) {
	at := freeAddress(t)
	driver := newDriver()
	_, r := dialIn(t, driver, device("d", at, ""), newStore(), greeting{id: "d"})
	for range 100 {
		dialRaw(t, at)
	}
	over := time.Now().Add(patience)
	for driver.Counts().Refused < 92 && time.Now().Before(over) {
		<-time.After(time.Millisecond)
	}
	if got := driver.Counts().Refused; got != 92 {
		t.Errorf("%d of 100 were refused, want 92", got)
	}
	r.publish("d/status", "online", 1, 1)
	r.expect(packets.Puback)
}

func TestPortThatIsTaken(t *testing.T) {
	at := freeAddress(t)
	other, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = newDriver().Open(context.Background(), device("d", at, "sleepy=true"))
	if !errors.Is(err, roostv1.ErrUnavailable) || strings.Count(err.Error(), at) != 1 || !strings.Contains(err.Error(), "where nobody else") {
		t.Errorf("got %v", err)
	}
}

// TestWhyNobodyDialledIn: who waits for a device is told of those that were turned away meanwhile, and why.
func TestWhyNobodyDialledIn(t *testing.T) {
	at := freeAddress(t)
	t.Setenv("ROOST_TEST_PASSWORD", "secret of d")
	for want, g := range map[string]greeting{
		`client "e" dialled in from 127.0.0.1:`: {id: "e", username: "u", password: "secret of d"},
		"somebody tried from 127.0.0.1:":        {id: "d", username: "u", password: "wrong"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		over := make(chan error, 1)
		go func() {
			_, err := newDriver().Open(ctx, device("d", at, "username=u password=env:ROOST_TEST_PASSWORD"))
			over <- err
		}()
		dialRaw(t, at).connect(g)
		cancel()
		if err := <-over; err == nil || !strings.Contains(err.Error(), `client "d" has not dialled in at `+at+"; "+want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
