package roostv1_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestUnmarshal(t *testing.T) {
	command := order("set_speed", values{"rpm": roostv1.Double(900)})
	wire, err := roostv1.Marshal(command, false)
	if err != nil {
		t.Fatal(err)
	}
	// After a newline, these 124 bytes are also a first field of 123.
	long := `{"reason":"` + strings.Repeat("a", 111) + `"}`
	tests := []struct {
		name   string
		data   []byte
		isJSON bool
		want   *roostv1.Command
	}{
		{"nil", nil, false, &roostv1.Command{}},
		{"empty", []byte{}, false, &roostv1.Command{}},
		{"protobuf", wire, false, command},
		{"JSON", []byte(`{"id":"c1","deviceId":"pump-1","name":"set_speed","arguments":{"rpm":{"double":900}}}`), true, command},
		{"JSON with the names of the schema", []byte(`{"id":"c1","device_id":"pump-1","name":"set_speed","arguments":{"rpm":{"double":900}}}`), true, command},
		{"JSON in lines", []byte("\n\t{ \"id\": \"c1\"\n}\r\n"), true, &roostv1.Command{Id: "c1"}},
		{"JSON that begins as protobuf does", []byte("\n" + long), true, &roostv1.Command{Reason: strings.Repeat("a", 111)}},
		{"empty JSON", []byte("{}"), true, &roostv1.Command{}},
		{"empty JSON after a space", []byte(" {}"), true, &roostv1.Command{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := &roostv1.Command{Reason: "was here before"}
			isJSON, err := roostv1.Unmarshal(test.data, got)
			if err != nil {
				t.Fatal(err)
			}
			if isJSON != test.isJSON {
				t.Errorf("JSON %v, want %v", isJSON, test.isJSON)
			}
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// A message whose first field has 123 bytes begins with a newline and '{', as
// JSON might.
func TestUnmarshalKnowsProtobufThatLooksLikeJSON(t *testing.T) {
	for _, id := range []string{strings.Repeat("a", 123), "}" + strings.Repeat(" ", 122), `"id":"` + strings.Repeat("a", 117)} {
		want := &roostv1.Command{Id: id, DeviceId: "pump-1"}
		wire, err := roostv1.Marshal(want, false)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(wire, []byte("\n{")) {
			t.Fatalf("message begins with %q", wire[:2])
		}
		var got roostv1.Command
		if isJSON, err := roostv1.Unmarshal(wire, &got); isJSON || err != nil {
			t.Errorf("id %.10q...: JSON %v, %v", id, isJSON, err)
		}
		if diff := cmp.Diff(want, &got, protocmp.Transform()); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	tests := []struct {
		name string
		data string
		want string // the beginning
	}{
		{"unknown field", `{"idd":"c1"}`, `roost.v1.Command: not readable as JSON: (line 1:2): unknown field "idd"`},
		{"field twice", `{"id":"c1","id":"c2"}`, `roost.v1.Command: not readable as JSON: (line 1:12): duplicate field "id"`},
		{"wrong type", `{"id":7}`, `roost.v1.Command: not readable as JSON: (line 1:7): invalid value for string field id: 7`},
		{"unknown enum", `{"priority":"URGENT"}`, `roost.v1.Command: not readable as JSON: (line 1:13): invalid value for enum field priority: "URGENT"`},
		{"control character", "{\x19", "roost.v1.Command: not readable as JSON: syntax error (line 1:2): invalid value \ufffd"},
		{"cut off", `{"id":`, `roost.v1.Command: not readable as JSON: unexpected EOF`},
		{"cut off after a newline", "\n{\"id\":", `roost.v1.Command: not readable as JSON: unexpected EOF`},
		{"mistake in the second line", "\n{\"id\"; 1}", `roost.v1.Command: not readable as JSON: syntax error (line 2:`},
		{"more after it", `{} {}`, `roost.v1.Command: not readable as JSON: syntax error (line 1:4)`},
		{"a list", `[]`, `roost.v1.Command: not readable as protobuf: `},
		{"text", `hello`, `roost.v1.Command: not readable as protobuf: `},
		{"not UTF-8", "\x0a\x01\xff", `roost.v1.Command: not readable as protobuf: string field contains invalid UTF-8`},
		{"a long token", `{"id":` + strings.Repeat("7", 100_000) + `}`, `roost.v1.Command: not readable as JSON: (line 1:7): invalid value for string field id: 777`},
		{"large", strings.Repeat(" ", 1<<20+1), `roost.v1.Command: 1048577 bytes, at most 1048576 are taken`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := &roostv1.Command{Reason: "was here before"}
			_, err := roostv1.Unmarshal([]byte(test.data), m)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Fatalf("error\n%v\nwant\n%s", err, test.want)
			}
			checkText(t, err)
			if len(err.Error()) > 500 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
			if proto.Size(m) != 0 {
				t.Errorf("message left behind: %v", m)
			}
		})
	}
}

func TestCodecTakesNoMessage(t *testing.T) {
	var none *roostv1.Command
	for _, m := range []proto.Message{nil, none} {
		if _, err := roostv1.Unmarshal([]byte("{}"), m); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("Unmarshal into %T: %v", m, err)
		}
		for _, asJSON := range []bool{false, true} {
			if data, err := roostv1.Marshal(m, asJSON); data != nil || !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("Marshal of %T: %q, %v", m, data, err)
			}
		}
	}
}

func TestMarshalJSONIsOneStableLine(t *testing.T) {
	record := &roostv1.CommandRecord{
		CommandId: "c1", DeviceId: "pump-1",
		State:   roostv1.CommandState_COMMAND_STATE_SUCCEEDED,
		Epoch:   7,
		Command: &roostv1.Command{Reason: "two\nlines  and <b>", ExpiresIn: durationpb.New(90 * time.Second)},
		Results: values{"b": roostv1.Int(-1), "a": roostv1.Bytes([]byte{0xfb}), "c": roostv1.Text("x")},
	}
	const want = `{"commandId":"c1","deviceId":"pump-1","state":"COMMAND_STATE_SUCCEEDED","epoch":"7",` +
		`"command":{"expiresIn":"90s","reason":"two\nlines  and <b>"},` +
		`"results":{"a":{"bytes":"+w=="},"b":{"int":"-1"},"c":{"string":"x"}}}`
	got, err := roostv1.Marshal(record, true)
	if err != nil || string(got) != want {
		t.Errorf("Marshal:\n%s, %v\nwant\n%s", got, err, want)
	}
}

func TestMarshalRefuses(t *testing.T) {
	tests := []struct {
		name string
		id   string
		want string
	}{
		{"not UTF-8", "\xff", "roost.v1.Command: "},
		{"large", strings.Repeat("a", roostv1.MaxMessage), "roost.v1.Command: 104858"},
	}
	for _, test := range tests {
		for _, asJSON := range []bool{false, true} {
			data, err := roostv1.Marshal(&roostv1.Command{Id: test.id}, asJSON)
			if data != nil || err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%s: %d bytes, %v, want %s", test.name, len(data), err, test.want)
				continue
			}
			checkText(t, err)
		}
	}
}

// wireMessages has one of each kind that Roost reads off a wire.
func wireMessages() []proto.Message {
	return []proto.Message{
		&roostv1.SendRequest{}, &roostv1.SendResponse{}, &roostv1.StatusRequest{}, &roostv1.StatusResponse{},
		&roostv1.ReleaseRequest{}, &roostv1.Fleet{}, &roostv1.Profile{}, &roostv1.DeviceSpec{},
		&roostv1.Command{}, &roostv1.CommandRecord{}, &roostv1.ReadingBatch{}, &roostv1.Member{},
		&roostv1.Ownership{}, &roostv1.Event{},
	}
}

func FuzzUnmarshal(f *testing.F) {
	for kind := range wireMessages() {
		f.Add(uint8(kind), []byte(nil))
		f.Add(uint8(kind), []byte(`{"id":"a"}`))
		f.Add(uint8(kind), []byte("\n{\"status\":{\"code\":\"CODE_OK\"}}"))
		f.Add(uint8(kind), []byte("\n{"+strings.Repeat("a", 123)))
		f.Add(uint8(kind), []byte("{{\x0a\x02"))
		f.Add(uint8(kind), []byte("{\x19"))
	}
	for kind, m := range map[uint8]proto.Message{5: plant(), 6: pump(), 7: plant().Devices[0], 8: order("run", values{"rpm": roostv1.Int(1)})} {
		for _, asJSON := range []bool{false, true} {
			data, err := roostv1.Marshal(m, asJSON)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(kind, data)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		messages := wireMessages()
		m := messages[int(kind)%len(messages)]
		before := bytes.Clone(data)
		isJSON, err := roostv1.Unmarshal(data, m)
		if !bytes.Equal(before, data) {
			t.Error("the data was changed")
		}
		if err != nil {
			checkText(t, err)
			if proto.Size(m) != 0 {
				t.Errorf("message left behind: %v", m)
			}
			return
		}
		checkRoundTrip(t, m, isJSON)
	})
}

// checkRoundTrip fails unless a message can be written as it came, read again, and
// written to the same bytes.
func checkRoundTrip(t *testing.T, m proto.Message, asJSON bool) {
	t.Helper()
	data, err := roostv1.Marshal(m, asJSON)
	if err != nil {
		// Protobuf holds times and durations that JSON has no words for, but not the
		// other way round; and JSON of a message may be longer than the message.
		if !strings.Contains(err.Error(), "at most") {
			t.Errorf("JSON %v: read, but not written: %v", asJSON, err)
		}
		return
	}
	again := m.ProtoReflect().New().Interface()
	isJSON, err := roostv1.Unmarshal(data, again)
	if err != nil || len(data) > 0 && isJSON != asJSON || !proto.Equal(m, again) {
		t.Fatalf("JSON %v: %v became %v as %q: JSON %v, %v", asJSON, m, again, data, isJSON, err)
	}
	if twice, err := roostv1.Marshal(again, asJSON); err != nil || !bytes.Equal(data, twice) {
		t.Errorf("JSON %v: %q, then %q, %v", asJSON, data, twice, err)
	}
}
