package guard_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub/guard"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func newFolder(t *testing.T, hosts ...string) guard.Folder {
	t.Helper()
	folder := guard.FolderIn(t.TempDir())
	if err := folder.Init(guard.Init{Fleet: fleet, Hosts: append(hosts, "127.0.0.1"), Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return folder
}

// The folder and all in it are for their owner alone, and a second init leaves them as they are.
func TestInit(t *testing.T) {
	folder := newFolder(t, "hub.plant")
	before := contents(t, folder)
	for _, name := range []string{"ca.pem", "ca-key.pem", "server.pem", "server-key.pem", "users", "admin.roost"} {
		if before[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if err := folder.Init(guard.Init{Fleet: "g", Hosts: []string{"x"}, Now: time.Now()}); !errors.Is(err, guard.ErrExists) {
		t.Errorf("a second init: %v", err)
	}
	for name, content := range contents(t, folder) {
		if content != before[name] {
			t.Errorf("%s has changed", name)
		}
	}
	c, err := access.Read(folder.Admin())
	if err != nil {
		t.Fatal(err)
	}
	if c.Role != access.RoleAdmin || c.Fleet != fleet || c.Hub != "tls://hub.plant:4222,tls://127.0.0.1:4222" {
		t.Errorf("the administrator's credential is that of %v", c)
	}
}

// contents reads all files, and checks that others cannot.
func contents(t *testing.T, folder guard.Folder) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder.Path(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may do something with %s: %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		content, err := os.ReadFile(path)
		all[d.Name()] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// An init that was broken off, at whatever file, is made anew.
func TestInitBrokenOff(t *testing.T) {
	folder := newFolder(t)
	for _, name := range []string{"server.pem", "users"} {
		if err := os.Remove(folder.Users()); err != nil && !errors.Is(err, fs.ErrNotExist) { // it comes last
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(folder.Path(), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if err := folder.Init(guard.Init{Fleet: fleet, Hosts: []string{"a"}, Now: time.Now()}); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
		admin, err := access.Read(folder.Admin())
		if err != nil {
			t.Fatal(err)
		}
		if admin.CA != contents(t, folder)["ca.pem"] {
			t.Error("the administrator trusts another authority")
		}
	}
}

// The users file comes last: an init that fails before leaves none, by which a hub would think that the folder is whole.
func TestInitFails(t *testing.T) {
	folder := guard.FolderIn(t.TempDir())
	inTheWay := filepath.Join(folder.Admin(), "x")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	as := guard.Init{Fleet: fleet, Hosts: []string{"a"}, Now: time.Now()}
	if err := folder.Init(as); err == nil {
		t.Fatal("made an administrator over a folder")
	}
	if there, err := folder.Exists(); there || err != nil {
		t.Errorf("there are users: %t, %v", there, err)
	}
	if err := os.RemoveAll(folder.Admin()); err != nil {
		t.Fatal(err)
	}
	if err := folder.Init(as); err != nil {
		t.Errorf("again: %v", err)
	}
}

// The certificate is good for all hosts and for the hub's own machine, on both ends of a route, and for nothing else.
func TestCertificate(t *testing.T) {
	folder := newFolder(t, "hub.plant", "10.0.0.5", "2001:db8::1")
	verify(t, folder, true, "hub.plant", "10.0.0.5", "2001:db8::1", "127.0.0.1", "::1", "localhost")
	verify(t, folder, false, "other", "10.0.0.6", "hub.plant.other")
	before := contents(t, folder)
	if err := folder.Renew([]string{"new.plant"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	verify(t, folder, true, "new.plant", "127.0.0.1")
	verify(t, folder, false, "hub.plant")
	if after := contents(t, folder); after["ca.pem"] != before["ca.pem"] || after["server.pem"] == before["server.pem"] {
		t.Error("renew made another authority, or no other certificate")
	}
	if err := folder.Renew([]string{"bad/host"}, time.Now()); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("renew for a bad host: %v", err)
	}
}

func verify(t *testing.T, folder guard.Folder, want bool, hosts ...string) {
	t.Helper()
	files := contents(t, folder)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(files["ca.pem"]))
	block, _ := pem.Decode([]byte(files["server.pem"]))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			_, err := certificate.Verify(x509.VerifyOptions{DNSName: host, Roots: pool, KeyUsages: []x509.ExtKeyUsage{use}})
			if (err == nil) != want {
				t.Errorf("%s, use %d: %v", host, use, err)
			}
		}
	}
	if certificate.IsCA {
		t.Error("the hub's certificate is an authority")
	}
}

// A name is one credential's at a time. What was revoked stays worthless.
func TestEnrol(t *testing.T) {
	folder, out := newFolder(t), t.TempDir()
	enrol := func(name, file string, role access.Role, selector string) error {
		_, err := folder.Enrol(guard.Enrolment{Name: name, Role: role, Selector: selector, Out: filepath.Join(out, file), Now: time.Now()})
		return err
	}
	if err := enrol("a", "1", access.RoleGateway, ""); err != nil {
		t.Fatal(err)
	}
	for _, role := range []access.Role{access.RoleGateway, access.RoleViewer} {
		if err := enrol("a", "2", role, ""); !errors.Is(err, guard.ErrEnrolled) {
			t.Errorf("replayed as %s: %v", role, err)
		}
	}
	if err := enrol("b", "1", access.RoleViewer, ""); !errors.Is(err, roostv1.ErrAlreadyExists) {
		t.Errorf("over another's file: %v", err)
	}
	if roster := read(t, folder); roster.Find("b") != nil {
		t.Error("a user without a credential file was enrolled")
	}
	first := *read(t, folder).Find("a")
	if _, err := folder.Revoke("a", time.Now()); err != nil {
		t.Fatal(err)
	}
	if read(t, folder).Find("a").Active() {
		t.Error("a revoked user is active")
	}
	if err := enrol("a", "3", access.RoleOperator, "site=north,a=b"); err != nil {
		t.Fatal(err)
	}
	second := read(t, folder).Find("a")
	if !second.Active() || second.Data == first.Data || second.Talk == first.Talk || second.Role != access.RoleLimited || second.Selector != "a=b,site=north" {
		t.Errorf("enrolled anew: %+v, before %+v", second, first)
	}
	if _, err := folder.Revoke("nobody", time.Now()); !errors.Is(err, guard.ErrUnknownUser) {
		t.Errorf("revoke nobody: %v", err)
	}
}

func read(t *testing.T, folder guard.Folder) *guard.Roster {
	t.Helper()
	r, err := folder.Read()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is taken as a selector, gateways can read, and it is the one that was meant. One with a quote was taken, and then
// read by no gateway: its operator could command nothing, and one with a comma could not be had.
func TestEnrolSelector(t *testing.T) {
	folder, out := newFolder(t), t.TempDir()
	for text, want := range map[string]map[string]string{
		`site=north,a=b`:         {"site": "north", "a": "b"},
		`site=`:                  {"site": ""},
		`"site=Werk 2, Halle 3"`: {"site": "Werk 2, Halle 3"},
		`"size=19"" rack",a=b`:   {"size": `19" rack`, "a": "b"},
		`size=19" rack`:          nil,
		`a=b,a=b`:                nil,
		`site`:                   nil,
	} {
		name := fmt.Sprintf("u%d", len(read(t, folder).Users))
		u, err := folder.Enrol(guard.Enrolment{Name: name, Role: access.RoleOperator, Selector: text, Out: filepath.Join(out, name), Now: time.Now()})
		if want == nil {
			if !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("%s: got %v", text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := roostv1.ParseSelector(u.Selector); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s stands there as %s, which is read as %v, %v", text, u.Selector, got, err)
		}
		if read(t, folder).Find(name) == nil {
			t.Errorf("%s: the user is not there", text)
		}
	}
}

// Many at once enrol users, and none is lost.
func TestEnrolTogether(t *testing.T) {
	folder, out := newFolder(t), t.TempDir()
	names := strings.Split("abcdefghijkl", "")
	failed := make(chan error, len(names))
	for _, name := range names {
		go func() {
			_, err := folder.Enrol(guard.Enrolment{Name: name, Role: access.RoleViewer, Out: filepath.Join(out, name), Now: time.Now()})
			failed <- err
		}()
	}
	for range names {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if got, want := len(read(t, folder).Users), len(names)+1; got != want {
		t.Errorf("%d users, want %d", got, want)
	}
}

// No seed is anywhere but in credential files.
func TestSecrets(t *testing.T) {
	s := enrolled(t, t.TempDir(), "")
	roster := read(t, s.folder)
	text := guard.Configuration(roster, s.folder.Files(), "routes", "extra") + contents(t, s.folder)["users"]
	for name, c := range s.credentials {
		for _, seed := range []string{c.Data, c.Talk} {
			if seed != "" && strings.Contains(text, seed) {
				t.Errorf("a seed of %s is in the users file or the configuration", name)
			}
		}
		if !strings.Contains(text, roster.Find(name).Data) {
			t.Errorf("the public key of %s is missing", name)
		}
	}
}
