package keys_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func address(given map[string]string) *keys.Keys {
	return keys.OfAddress("test", &roostv1.DeviceSpec{Address: given}).From(keys.Anywhere)
}

func TestWhatIsGiven(t *testing.T) {
	k := address(map[string]string{
		"to": "host:1", "n": "7", "x": "0.5", "every": "2s", "way": "b", "on": "true", "name": "plain", "must": "there",
	})
	type all struct {
		to, way, name, must string
		n                   int
		x                   float64
		every               time.Duration
		on                  bool
	}
	got := all{
		k.HostPort("to"), k.Word("way", "a", "a", "b"), k.Text("name", ""), k.Needed("must", "this"), k.Int("n", 1, 0, 9),
		k.Float("x", 1), k.Duration("every", 0, 0, time.Minute), k.Bool("on"),
	}
	want := all{"host:1", "b", "plain", "there", 7, 0.5, 2 * time.Second, true}
	if got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if err := k.Problems().Err(); err != nil {
		t.Errorf("problems of what is right: %v", err)
	}
}

func TestWhatIsNotGiven(t *testing.T) {
	k := address(nil)
	if k.HostPort("to") != "" || k.Word("way", "a", "a") != "a" || k.Text("name", "x") != "x" || k.Int("n", 3, 0, 9) != 3 ||
		k.Float("x", 2) != 2 || k.Duration("every", time.Second, 0, time.Minute) != time.Second || k.Bool("on") || k.Secret("password").Given() {
		t.Error("what is not given is not what stands for it")
	}
	if err := k.Problems().Err(); err != nil {
		t.Errorf("problems of what is not given: %v", err)
	}
}

func TestAllThatIsWrong(t *testing.T) {
	k := address(map[string]string{
		"to": "host", "zero": "host:0", "way": "c", "n": "10", "text": "", "x": "NaN", "every": "5", "on": "yes",
		"password": "hunter2", "file": "file:relative", "env": "env:", "odd": "1", "else": "2",
	})
	k.HostPort("to")
	k.HostPort("zero")
	k.Word("way", "a", "a", "b")
	k.Int("n", 1, 0, 9)
	k.Text("text", "")
	k.Float("x", 1)
	k.Duration("every", 0, 0, time.Minute)
	k.Bool("on")
	k.Secret("password")
	k.Secret("file")
	k.Secret("env")
	k.Needed("must", "what for")
	k.Unwanted("else", "is for others")
	var got []string
	for _, p := range k.Problems() {
		got = append(got, p.Path+": "+p.Message)
		if strings.Contains(p.Message, "hunter2") {
			t.Errorf("a secret is shown: %s", p.Message)
		}
	}
	clear := "a secret is not written here, where all who read the fleet see it: say where the gateway finds it, as file:/path or env:NAME"
	want := []string{
		`address["to"]: "host" is not host:port with a port from 1 to 65535`,
		`address["zero"]: "host:0" is not host:port with a port from 1 to 65535`,
		`address["way"]: "c" is none of a, b`,
		`address["n"]: "10" is not a number from 0 to 9`,
		`address["text"]: is empty`,
		`address["x"]: "NaN" is not a number`,
		`address["every"]: "5" is not a time from 0s to 1m0s, such as 250ms`,
		`address["on"]: "yes" is none of false, true`,
		`address["password"]: ` + clear,
		`address["file"]: "relative" is not an absolute path`,
		`address["env"]: ` + clear,
		`address["must"]: is needed: what for`,
		`address["else"]: is for others`,
		`address["odd"]: unknown key; the test driver has to, zero, way, n, text, x, every, on, password, file, env, must, else`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestResourcePath(t *testing.T) {
	p := &roostv1.Profile{Resources: []*roostv1.Resource{{}, {Protocol: map[string]string{"bit": "16"}}}}
	k := keys.OfResource("test", p, 1)
	k.Int("bit", 0, 0, 15)
	if got := k.Problems(); len(got) != 1 || got[0].Path != `resources[1].protocol["bit"]` {
		t.Errorf("problems: %v", got)
	}
}

func TestSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\r\n")
	t.Setenv("ROOST_TEST_SECRET", "from the environment")
	k := address(map[string]string{"a": "file:" + path, "b": "env:ROOST_TEST_SECRET", "c": "env:ROOST_TEST_NO_SECRET", "d": "file:" + path + ".none"})
	a, b, c, d := k.Secret("a"), k.Secret("b"), k.Secret("c"), k.Secret("d")
	if err := k.Problems().Err(); err != nil {
		t.Fatal(err)
	}
	read := func(s keys.Secret, want string) {
		t.Helper()
		if got, err := s.Read(); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", s, got, err, want)
		}
	}
	read(a, "first")
	write("second")
	read(a, "second")
	read(b, "from the environment")
	read(keys.Secret{}, "")
	write("\n")
	for _, s := range []keys.Secret{a, c, d} {
		if got, err := s.Read(); err == nil || !strings.Contains(err.Error(), s.String()) {
			t.Errorf("%s is %q, %v; want an error that names it", s, got, err)
		}
	}
}

// TestPathsOfOtherMachines: a fleet file is checked where it is written, and its paths are on gateways: on Windows no path of a Linux gateway
// was taken, and the other way round.
func TestPathsOfOtherMachines(t *testing.T) {
	for path, absolute := range map[string]bool{
		"/etc/roost/password": true, `C:\ProgramData\roost\password`: true, "c:/roost/password": true, `\\host\share\password`: true,
		"password": false, "./password": false, `roost\password`: false, "c:password": false, `\password`: false, "": false,
	} {
		k := address(map[string]string{"password": "file:" + path, "cert": path})
		if got := k.File("cert"); got != path {
			t.Errorf("the file %q is read as %q", path, got)
		}
		k.Secret("password")
		if wrong := len(k.Problems()); absolute != (wrong == 0) || !absolute && wrong != 2 {
			t.Errorf("%q: %v", path, k.Problems())
		}
	}
}
