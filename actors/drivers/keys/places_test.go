package keys_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// placed returns a secret of the key password, where the gateway has secrets in these places.
func placed(t *testing.T, from string, places ...string) keys.Secret {
	t.Helper()
	are, err := keys.PlacesOf(places...)
	if err != nil {
		t.Fatal(err)
	}
	return address(map[string]string{"password": from}).From(are).Secret("password")
}

// TestSecretsOnlyInTheirPlaces: who may write the fleet can name any file and variable of the gateway, and gets those that are meant for it.
func TestSecretsOnlyInTheirPlaces(t *testing.T) {
	folder := t.TempDir()
	inside, beside := filepath.Join(folder, "secrets"), filepath.Join(folder, "secrets-of-others")
	for _, path := range []string{filepath.Join(inside, "deep", "pin"), filepath.Join(inside, "pin"), filepath.Join(beside, "pin"), filepath.Join(folder, "pin")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("hunter2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ROOST_SECRET_PIN", "ROOST_SECRETS", "PIN", "PINS"} {
		t.Setenv(name, "hunter2")
	}
	places := []string{inside, filepath.Join(beside, "pin"), "env:ROOST_SECRET_*", "env:PIN"}
	may := map[string]bool{
		"file:" + inside + "/pin":                  true,
		"file:" + inside + "/deep/../pin":          true,
		"file:" + beside + "/pin":                  true, // named by itself
		"file:" + folder + "/pin":                  false,
		"file:" + folder + "/nothing":              false, // as if it were there
		"file:" + inside + "/../pin":               false,
		"file:" + inside + "/deep/../../pin":       false,
		"file:" + inside + "/deep/../../../secret": false,
		"file:" + beside:                           false,
		"env:ROOST_SECRET_PIN":                     true,
		"env:PIN":                                  true,
		"env:PINS":                                 false,
		"env:ROOST_SECRETS":                        false,
		"env:HOME":                                 false,
		"env:NOT_THERE_EITHER":                     false,
	}
	if runtime.GOOS != "windows" { // where links are for administrators
		for name, to := range map[string]string{
			"deep/up": "../pin", "out": "../pin", "folder": "..", "absolute": filepath.Join(folder, "pin"), "nowhere": "../nothing",
		} {
			if err := os.Symlink(to, filepath.Join(inside, name)); err != nil {
				t.Fatal(err)
			}
			may["file:"+inside+"/"+name] = name == "deep/up"
		}
		may["file:"+inside+"/folder/pin"] = false
	}
	for from, may := range may {
		wantPlaced(t, placed(t, from, places...), may, "key password", "--secrets", "file:"+inside, "env:ROOST_SECRET_*")
	}
}

// wantPlaced reads a secret that may be read, or one that may not, with an error that has these words.
func wantPlaced(t *testing.T, s keys.Secret, may bool, words ...string) {
	t.Helper()
	secret, err := s.Read()
	switch {
	case may && (err != nil || secret != "hunter2"):
		t.Errorf("%s is %q, %v; want the secret", s, secret, err)
	case !may && (secret != "" || !errors.Is(err, roostv1.ErrPermission)):
		t.Errorf("%s is %q, %v; want ErrPermission", s, secret, err)
	case !may:
		for _, word := range append(words, s.String()) {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v; want it to name %s", s, err, word)
			}
		}
	}
}

// TestSecretsNowhere: a driver that nobody told where secrets are has none.
func TestSecretsNowhere(t *testing.T) {
	t.Setenv("ROOST_SECRET_PIN", "hunter2")
	for _, k := range []*keys.Keys{
		address(map[string]string{"p": "env:ROOST_SECRET_PIN"}).From(nil), address(map[string]string{"p": "file:" + os.Args[0]}).From(nil),
	} {
		if secret, err := k.Secret("p").Read(); secret != "" || !errors.Is(err, roostv1.ErrPermission) || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("read %q, %v; want ErrPermission, and that there are none anywhere", secret, err)
		}
	}
}

// TestSecretThatIsNotThere: in a place of secrets it is told what is wrong.
func TestSecretThatIsNotThere(t *testing.T) {
	folder := t.TempDir()
	for _, place := range []string{folder, filepath.Join(folder, "none")} {
		_, err := placed(t, "file:"+filepath.Join(folder, "none", "pin"), place).Read()
		if !errors.Is(err, os.ErrNotExist) || errors.Is(err, roostv1.ErrPermission) {
			t.Errorf("in %s: %v; want that it is not there", place, err)
		}
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	for _, place := range []string{"", "secrets", "./secrets", "env:", "env:A=B", "env:A*B", "file:secrets"} {
		if places, err := keys.PlacesOf(place); err == nil {
			t.Errorf("%q is taken for %v", place, places)
		}
	}
}
