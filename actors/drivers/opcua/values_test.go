package opcua_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// kinds are resources of all types that servers have.
func kinds() []*roostv1.Resource {
	return []*roostv1.Resource{
		resource("bool", isBool, "node=ns=2;s=Boolean"), resource("sbyte", isInt, "node=ns=2;s=SByte"), resource("byte", isUint, "node=ns=2;s=Byte"),
		resource("int16", isInt, "node=ns=2;s=Int16"), resource("uint16", isUint, "node=ns=2;s=UInt16"), resource("int32", isInt, "node=ns=2;s=Int32"),
		resource("uint32", isUint, "node=ns=2;s=UInt32"), resource("int64", isInt, "node=ns=2;s=Int64"), resource("uint64", isUint, "node=ns=2;s=UInt64"),
		resource("float", isDouble, "node=ns=2;s=Float"), resource("double", isDouble, "node=ns=2;s=Double"), resource("string", isText, "node=ns=2;s=String"),
		resource("time", isText, "node=ns=2;s=DateTime"), resource("bytes", isBytes, "node=ns=2;s=ByteString"),
		resource("text", isText, "node=ns=2;s=LocalizedText"), resource("number", isDouble, "node=ns=2;s=Number"),
		resource("element", isDouble, "node=ns=2;s=Array index=1"), resource("level", isDouble, "node=nsu=urn:roost:plant;s=Level"),
		readOnly("array", isDouble, "node=ns=2;s=Array"), readOnly("broken", isDouble, "node=ns=2;s=Broken"),
		readOnly("none", isDouble, "node=ns=2;s=None"), readOnly("writes", isUint, "node=ns=2;s=Writes"),
		resource("fixed", isDouble, "node=ns=2;s=Fixed"), resource("wrong", isBool, "node=ns=2;s=Double"),
	}
}

// values: what the server has is what is read, and what is written is what it has.
func (p *peer) values(t *testing.T) {
	s := open(t, p.device("", kinds()...))
	wantValues(t, s, map[string]string{
		"bool": "true", "sbyte": "-8", "byte": "8", "int16": "-16", "uint16": "16", "int32": "-32", "uint32": "32", "int64": "64", "uint64": "64",
		"float": "0.1", "double": "0.1", "string": "Kessel", "time": "2024-05-06T07:08:09Z", "bytes": roostv1.Bytes([]byte{1, 2, 3}).Format(), "text": "Pumpe",
		"number": "7.5", "element": "2", "level": "20", "array": "DECODE_ERROR", "broken": "SENSOR_FAULT", "none": "NOT_CONNECTED", "wrong": "DECODE_ERROR",
	})
	for name, v := range map[string]*roostv1.Value{
		"bool": roostv1.Bool(false), "sbyte": roostv1.Int(-128), "byte": roostv1.Uint(255), "int16": roostv1.Int(32767), "uint16": roostv1.Uint(65535),
		"int32": roostv1.Int(-5), "uint32": roostv1.Uint(4294967295), "int64": roostv1.Int(-1 << 62), "uint64": roostv1.Uint(1 << 63), "float": roostv1.Double(2.3),
		"double": roostv1.Double(1e-300), "string": roostv1.Text("Heizkreis Süd"), "time": roostv1.Text("2030-01-01T00:00:00Z"),
		"bytes": roostv1.Bytes([]byte{0, 255}), "text": roostv1.Text("Ventil"), "number": roostv1.Double(8.25), "element": roostv1.Double(22),
		"level": roostv1.Double(55.5),
	} {
		if _, err := act(t, s, setting(name, v)); err != nil {
			t.Error(err)
		}
		if got := poll(t, s, name)[name]; got != v.Format() {
			t.Errorf("%s was written as %s and is read as %s", name, v.Format(), got)
		}
	}
}

// refusals: an error tells what is certain, and the server sees no write twice.
func (p *peer) refusals(t *testing.T) {
	s := open(t, p.device("", kinds()...))
	before := number(t, poll(t, s, "writes")["writes"])
	for _, test := range []struct {
		name string
		v    *roostv1.Value
		want error
	}{
		{"level", roostv1.Double(101), actors.ErrRefused},
		{"level", roostv1.Double(-1), nil}, // the server says that its device failed: nobody knows
		{"fixed", roostv1.Double(2), actors.ErrRefused},
		{"byte", roostv1.Uint(256), actors.ErrNotSent},
		{"int16", roostv1.Int(-32769), actors.ErrNotSent},
		{"float", roostv1.Double(1e300), actors.ErrNotSent},
		{"time", roostv1.Text("yesterday"), actors.ErrNotSent},
		{"wrong", roostv1.Bool(true), actors.ErrNotSent},
		{"array", roostv1.Double(1), actors.ErrNotSent},
	} {
		_, err := act(t, s, setting(test.name, test.v))
		if err == nil || test.want != nil && !errors.Is(err, test.want) ||
			test.want == nil && (errors.Is(err, actors.ErrRefused) || errors.Is(err, actors.ErrNotSent)) {
			t.Errorf("%s of %s: %v, want %v", test.name, test.v.Format(), err, test.want)
		}
	}
	if got := number(t, poll(t, s, "writes")["writes"]) - before; got != 2 {
		t.Errorf("the server saw %d writes, want 2", got)
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
