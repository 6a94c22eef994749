package access_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nkeys"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestReadGivesWhatWasWritten(t *testing.T) {
	for _, change := range []func(*access.Credential){
		func(*access.Credential) {},
		func(c *access.Credential) { c.Role, c.Name = access.RoleGateway, "g-1" },
		func(c *access.Credential) { c.Role, c.Talk = access.RoleAdmin, "" },
		func(c *access.Credential) { c.CA += authority(t) },
	} {
		want := operator(t)
		change(want)
		path := filepath.Join(t.TempDir(), "a.creds")
		if err := want.Write(path); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode: got %v, %v, want 0600", info.Mode(), err)
		}
		got, err := access.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		// Compared without its methods, which leave out what matters here.
		type plain access.Credential
		if diff := cmp.Diff(plain(*want), plain(*got)); diff != "" {
			t.Errorf("read (-want +got):\n%s", diff)
		}
	}
}

// TestReadRefuses: what is wrong with a file is said in one line that names the file, and has no secret in it.
func TestReadRefuses(t *testing.T) {
	good := operator(t)
	fields := map[string]any{
		"fleet": good.Fleet, "name": good.Name, "role": good.Role, "hub": good.Hub, "ca": good.CA, "data": good.Data, "talk": good.Talk,
	}
	with := func(name string, value any) string {
		changed := make(map[string]any, len(fields))
		for k, v := range fields {
			changed[k] = v
		}
		changed[name] = value
		text, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	account := seedOf(t, nkeys.CreateAccount)
	key := "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"nothing":            {"", "not JSON"},
		"no object":          {`"` + good.Data + `"`, "not a JSON object"},
		"half":               {with("x", "")[:200], "not JSON"},
		"two":                {with("data", good.Data) + "{}", "not JSON"},
		"unknown field":      {with("password", "hush"), "unknown field"},
		"a seed for a name":  {with(good.Talk, "x"), "unknown field"},
		"another case":       {with("Data", good.Data), "unknown field"},
		"not a string":       {with("data", []string{good.Data}), "field data is not a string"},
		"no fleet":           {with("fleet", ""), "fleet"},
		"name no token":      {with("name", "a.b"), "name"},
		"no role":            {with("role", ""), "the role is none of"},
		"wrong role":         {with("role", "root"), "the role is none of"},
		"no hub":             {with("hub", ""), "tls://host:port"},
		"plain hub":          {with("hub", "nats://hub:4222"), "only for tls://"},
		"one of two plain":   {with("hub", "tls://hub:4222,nats://hub:4222"), "only for tls://"},
		"password in hub":    {with("hub", "tls://ann:hush@hub:4222"), "user or password"},
		"no ca":              {with("ca", ""), "ca is not a certificate"},
		"bad ca":             {with("ca", "hello"), "ca is not a certificate"},
		"key for ca":         {with("ca", key), "something else than certificates"},
		"key after ca":       {with("ca", good.CA+key), "something else than certificates"},
		"broken certificate": {with("ca", strings.ReplaceAll(key, "PRIVATE KEY", "CERTIFICATE")), "certificate 1 of ca cannot be read"},
		"rubbish after ca":   {with("ca", good.CA+"hush"), "not PEM"},
		"no data seed":       {with("data", ""), "data seed is missing"},
		"bad data seed":      {with("data", good.Data[:len(good.Data)-1]+"!"), "data is not the nkey seed"},
		"seed of an account": {with("data", account), "data is not the nkey seed"},
		"no talk seed":       {with("talk", ""), "talk seed is missing"},
		"same seeds":         {with("talk", good.Data), "same seed"},
		"talk of an admin":   {with("role", "admin"), "an admin has no talk seed"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.creds")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := access.Read(path)
			if !errors.Is(err, roostv1.ErrInvalid) {
				t.Fatalf("got %v, want ErrInvalid", err)
			}
			text := err.Error()
			if !strings.Contains(text, c.want) || !strings.Contains(text, path) || strings.Contains(text, "\n") {
				t.Errorf("got %q, want one line with %q and the file", text, c.want)
			}
			for _, secret := range []string{good.Data[:20], good.Talk[:20], account[:20], "hush", "QUJD"} {
				if strings.Contains(text, secret) {
					t.Errorf("a secret is in %q", text)
				}
			}
		})
	}
}

// TestReadRefusesWhatOthersCanRead: and says what to do.
func TestReadRefusesWhatOthersCanRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.creds")
	if err := operator(t).Write(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644, 0o660, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := access.Read(path)
		if !errors.Is(err, roostv1.ErrPermission) || !strings.HasSuffix(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %04o: got %v, want ErrPermission that ends with the command to run", mode, err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := access.Read(path); err != nil {
		t.Errorf("after the command: got %v", err)
	}
}

func TestReadWhatIsNoFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := access.Read(filepath.Join(folder, "none")); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("no file: got %v, want ErrNotFound", err)
	}
	if _, err := access.Read(folder); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("a folder: got %v, want ErrInvalid", err)
	}
	large := filepath.Join(folder, "large")
	if err := os.WriteFile(large, bytes.Repeat([]byte(" "), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := access.Read(large); !errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a large file: got %v, want ErrInvalid", err)
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.creds")
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := operator(t).Write(path); !errors.Is(err, roostv1.ErrAlreadyExists) {
		t.Errorf("got %v, want ErrAlreadyExists", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file that was there: got %q, %v", text, err)
	}
	bad := operator(t)
	bad.Talk = bad.Data
	if err := bad.Write(path + ".2"); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("a bad credential: got %v, want ErrInvalid", err)
	}
	if _, err := os.Stat(path + ".2"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a bad credential left a file: %v", err)
	}
}

// TestNothingShowsSeeds: whatever way a credential is printed, also as a part of something.
func TestNothingShowsSeeds(t *testing.T) {
	c := operator(t)
	var printed bytes.Buffer
	holder := struct {
		Value   access.Credential
		Pointer *access.Credential
	}{*c, c}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{c, *c, holder, &holder, []access.Credential{*c}, map[string]*access.Credential{"a": c}} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&printed, nil), slog.NewJSONHandler(&printed, nil)} {
		slog.New(handler).Info("read", "pointer", c, "value", *c, "holder", holder)
	}
	for _, value := range []any{c, *c, holder} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		printed.Write(text)
	}
	text := printed.String()
	for _, secret := range []string{c.Data[4:20], c.Talk[4:20], fmt.Sprintf("%x", c.Data)[8:40], fmt.Sprintf("%x", c.Talk)[8:40]} {
		if strings.Contains(text, secret) {
			t.Errorf("a seed is in:\n%s", text)
		}
	}
	if want := "operator ann of fleet north"; !strings.Contains(text, want) {
		t.Errorf("got no %q in:\n%s", want, text)
	}
}
