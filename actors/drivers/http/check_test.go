package httpdev_test

import (
	"errors"
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const pin = "pin=" + "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// TestCheckAddress: all that is wrong with an address is told.
func TestCheckAddress(t *testing.T) {
	tests := []struct{ address, want string }{
		{"url=http://10.0.0.7", ""},
		{"url=https://[fe80::1]:8443/api/; username=a; password=env:A; timeout=1s; most=10; done=303; refused=501, 503; " + pin, ""},
		{"url=https://x; token=file:/t; ca=/ca.pem; cert=env:A; key=env:B; header.X-A=b; secret.X-B=env:C", ""},
		{"url=http://x; secret.Authorization=env:A", ""},
		{"", `address["url"]: is needed`},
		{"url=ftp://x", `"ftp://x" begins with neither http:// nor https://`},
		{"url=http://", `has no host`},
		{"url=http://a:secret@x", "has a user in it"},
		{"url=http://a:sec ret@x", "is no URL"},
		{"url=http://x?a=b", "has more than a path"},
		{"url=http://x#a", "has more than a path"},
		{"url=http://x; username=a", `address["username"]: has no password`},
		{"url=http://x; username=a; password=env:A; auth=digest", ""},
		{"url=http://x; username=a; password=env:A; auth=ntlm", `address["auth"]: "ntlm" is none of basic, digest`},
		{"url=http://x; auth=digest", `address["auth"]: is for a username`},
		{"url=http://x; username=a:b; password=env:A; auth=digest", "which digest authentication cannot carry"},
		{"url=http://x; password=env:A", `address["password"]: has no username`},
		{"url=http://x; username=a; password=b", "a secret is not written here"},
		{"url=http://x; username=a:b; password=env:A", "has a colon in it"},
		{"url=http://x; username=a; password=env:A; token=env:B", "one of them is enough"},
		{"url=http://x; secret.authorization=env:A; token=env:B", "one of them is enough"},
		{"url=http://x; " + pin, `address["pin"]: is for https`},
		{"url=https://x; pin=00", "is no SHA-256 in hexadecimal"},
		{"url=https://x; ca=/a; " + pin, "say one of them"},
		{"url=https://x; ca=ca.pem", "is not an absolute path"},
		{"url=https://x; cert=env:A", "is needed with key"},
		{"url=http://x; header.X A=b", `"X A" is no name of a header`},
		{"url=http://x; header.Host=b", "the header Host cannot be set"},
		{"url=http://x; header.authorization=b", "the header Authorization is a secret"},
		{"url=http://x; header.X=a\nb", "has characters in it that no header can have"},
		{"url=http://x; header.X-A=a; secret.x-a=env:A", "is the same header as header.X-A"},
		{"url=http://x; done=200", `"200" is no status from 300 to 599`},
		{"url=http://x; done=303,501; refused=502, 501", `address["refused"]: 501 stands in done too`},
		{"url=http://x; done_json=ok", `address["done_json"]: "ok" is no JSONPath`},
		{"url=http://x; refused_json=$..a..b", `address["refused_json"]: "$..a..b" would search the document again`},
		{"url=http://x; refused=soon", `"soon" is no status`},
		{"url=http://x; timeout=0s; most=0; odd=1", `address["timeout"]: "0s" is not a time from 10ms to 5m0s, such as 250ms; address["most"]: "0" is not a number from 1 to 16777216; address["odd"]: unknown key`},
		{"url=http://x; command.stop.path=/stop", `address["command.stop.path"]: unknown key`},
	}
	for _, tt := range tests {
		err := newDriver().Check(device(tt.address))
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.address, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "sec") && strings.Contains(tt.address, "sec") && strings.Contains(err.Error(), ":sec") {
			t.Errorf("the password is shown: %v", err)
		}
	}
}

// TestCheckResources: all that is wrong with what resources say is told.
func TestCheckResources(t *testing.T) {
	tests := []struct {
		protocol string
		access   roostv1.Access
		want     string
	}{
		{"", readOnly, ""},
		{"path=/a/b?c=d; json=$.x", readOnly, ""},
		{"path=?c", both, ""},
		{"path=/a/{value}", writeOnly, ""},
		{"write_path=/a/{value}; write_method=GET", writeOnly, ""},
		{`write={"x": {value}}; write_method=PATCH; content_type=application/merge-patch+json`, writeOnly, ""},
		{"path=a", readOnly, `protocol["path"]: "a" begins with neither / nor ?`},
		{"path=/a#b", readOnly, "has a # in it"},
		{"path=/%zz", readOnly, "is no path of a URL"},
		{"path=/a/{value}", readOnly, "say write_path"},
		{"write_path=/b", readOnly, "cannot be written"},
		{"write_method=PUT; content_type=x", readOnly, `protocol["content_type"]: `},
		{"write_path=b{value}", writeOnly, `"bx" begins with neither`},
		{"write_path=/b/{level}", writeOnly, "nothing is called {level}: a resource has {value}"},
		{"write_method=GET", writeOnly, "a GET has no body"},
		{"write_method=DELETE", writeOnly, `"DELETE" is none of GET, POST, PUT, PATCH`},
		{"write_path=/{value}; content_type=x", writeOnly, "there is no body"},
		{"content_type=a\nb", writeOnly, "is no type of a body"},
		{`write={"x": {value}`, writeOnly, "begins as JSON does, and is none"},
		{"jsn=$.x", readOnly, `protocol["jsn"]: unknown key`},
	}
	for _, tt := range tests {
		err := newDriver().Check(device("url=http://x", resource("level", isUint, tt.access, tt.protocol)))
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.protocol, err, tt.want)
		}
	}
}

// TestCheckCommands: likewise for commands.
func TestCheckCommands(t *testing.T) {
	tests := []struct{ address, want string }{
		{"command.dose.path=/dose", ""},
		{"command.dose.path=/dose/{of}", ""},
		{"command.dose.path=/dose/{of}?ml={ml}; command.dose.method=GET", ""},
		{`command.dose.path=/dose/{of}; command.dose.payload={"ml": {ml}, "of": {of}}; command.dose.content_type=x`, ""},
		{"", `commands[0].steps: command "dose" has none, and the address does not say command.dose.path`},
		{"command.dose.path=/dose/{what}", `nothing is called {what}: command "dose" has {of}, {ml}, no more`},
		{"command.dose.path=/dose; command.dose.payload={what}", "nothing is called {what}"},
		{"command.dose.path=/dose; command.dose.method=GET", "a GET has no body"},
		{"command.dose.path=/dose/{of}?ml={ml}; command.dose.content_type=x", "there is no body"},
		{"command.dose.path=/dose; command.dose.content_type=a\nb", `address["command.dose.content_type"]: "a\nb" is no type of a body`},
		{"command.dose.path=dose", "begins with neither"},
		{"command.dose.path=/dose; command.dose.what=1", "unknown key"},
	}
	for _, tt := range tests {
		d := device("url=http://x; " + tt.address)
		d.Profile.Commands = []*roostv1.CommandSpec{
			{Name: "dose", Arguments: []*roostv1.Argument{{Name: "of", Type: isText}, {Name: "ml", Type: isUint}}}, {Name: "steps", Steps: []*roostv1.Step{{}}},
		}
		err := newDriver().Check(d)
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.address, err, tt.want)
		}
	}
}
