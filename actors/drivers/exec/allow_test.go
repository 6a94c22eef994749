//go:build unix

package exec_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/exec"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const goodProgram = "#!/bin/sh\nread -r q; echo '{\"id\":1,\"ok\":true}'; read -r q\n"

// TestWhatMayRun: only what the gateway allows, whatever leads to it.
func TestWhatMayRun(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) string { return filepath.Join(root, path) }
	for path, mode := range map[string]os.FileMode{
		"allowed/good": 0o755, "allowed/deep/good": 0o755, "allowed/plain": 0o644, "allowed/open": 0o757, "allowed-not/good": 0o755, "other/one": 0o755,
		"allowed/wide/good": 0o755,
	} {
		if err := os.MkdirAll(filepath.Dir(at(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(at(path), []byte(goodProgram), mode), os.Chmod(at(path), mode)); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"allowed/out": at("allowed-not/good"), "allowed/in": "good", "alias": at("allowed")} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(at("allowed/wide"), 0o777); err != nil {
		t.Fatal(err)
	}
	const permission, missing = roostv1.ErrPermission, roostv1.ErrNotFound
	tests := []struct {
		program string
		allow   []string
		kind    error // nil: it may
		want    string
	}{
		{at("allowed/good"), []string{at("allowed")}, nil, ""},
		{"good", []string{at("none"), at("allowed")}, nil, ""},
		{"deep/good", []string{at("allowed")}, nil, ""},
		{"in", []string{at("allowed")}, nil, ""},
		{at("alias/good"), []string{at("allowed")}, nil, ""},
		{at("allowed/good"), []string{at("alias")}, nil, ""},
		{at("other/one"), []string{at("allowed"), at("other/one")}, nil, ""},
		{at("allowed/good"), nil, permission, "this gateway runs no programs"},
		{at("allowed-not/good"), []string{at("allowed")}, permission, "does not allow"},
		{at("allowed") + "/../other/one", []string{at("allowed")}, permission, "does not allow"},
		{at("nowhere"), []string{at("allowed")}, permission, "does not allow"},
		{"out", []string{at("allowed")}, permission, "which is a link to " + at("allowed-not/good")},
		{at("other/one"), []string{at("other/one/more")}, permission, "does not allow"},
		{"plain", []string{at("allowed")}, permission, "chmod +x it"},
		{"open", []string{at("allowed")}, permission, "everybody may write to " + at("allowed/open")},
		{"wide/good", []string{at("allowed")}, permission, "everybody may write to the folder of"},
		{"deep", []string{at("allowed")}, missing, "is no program"},
		{"none", []string{at("allowed")}, missing, "there is no program none"},
		{"good", []string{"allowed"}, roostv1.ErrInvalid, "is not an absolute path"},
	}
	for _, tt := range tests {
		driver := &exec.Driver{Allow: tt.allow}
		s, err := driver.Open(t.Context(), device("program="+tt.program, resource("level", isUint)))
		if err == nil {
			_ = s.Close(t.Context())
		}
		switch {
		case tt.kind == nil && err != nil:
			t.Errorf("%s with %q allowed: %v", tt.program, tt.allow, err)
		case tt.kind != nil && (!errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s with %q allowed: %v, want %v with %q", tt.program, tt.allow, err, tt.kind, tt.want)
		}
	}
}

// TestCheck: all that is wrong with an address is told at once.
func TestCheck(t *testing.T) {
	tests := []struct{ address, want string }{
		{"program=x arg1=a arg2=b set.a=1 secret.b=env:B stop=0s", ""},
		{"program=/opt/x", ""},
		{"", `address["program"]: is needed`},
		{"program=", `address["program"]: is empty`},
		{"program=../x", `"../x" is neither an absolute path nor`},
		{"program=x arg2=b", `address["arg2"]: there is no arg1 before it`},
		{"program=x arg0=b", `address["arg0"]: unknown key; the exec driver has program, arg1, stop, set.NAME, secret.NAME`},
		{"program=x arg33=b", `address["arg33"]: unknown key`},
		{"program=x set.=b", `address["set."]: unknown key`},
		{"program=x stop=1m", `address["stop"]: "1m" is not a time from 0s to 3s`},
		{"program=x secret.pin=1234", `address["secret.pin"]: a secret is not written here`},
		{"program=x shell=true stop=x", `; address["shell"]: unknown key`},
	}
	for _, tt := range tests {
		err := new(exec.Driver).Check(device(tt.address))
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.address, err, tt.want)
		}
	}
}
