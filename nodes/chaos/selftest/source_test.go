package selftest_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/selftest"
)

// TestTableIsThatOfTheProgram: each mutant of the table is asked for somewhere in the program, and each that is asked for is in
// the table.
func TestTableIsThatOfTheProgram(t *testing.T) {
	asked := map[string]string{}
	for _, folder := range []string{"actors", "cluster", "nodes"} {
		if err := filepath.WalkDir(filepath.Join("..", "..", "..", folder), func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, mutantsIn(path, asked))
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range selftest.Mutants() {
		if asked[m.Name] == "" {
			t.Errorf("%s is in the table, and nothing in the program asks for it", m.Name)
		}
		delete(asked, m.Name)
	}
	for name, path := range asked {
		t.Errorf("%s asks for %s, which is not in the table", path, name)
	}
}

var question = regexp.MustCompile(`\bmutant\("([^"]*)"\)`)

// mutantsIn notes the mutants that a file of the program asks for.
func mutantsIn(path string, asked map[string]string) error {
	if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
		return nil
	}
	text, err := os.ReadFile(path)
	for _, found := range question.FindAllSubmatch(text, -1) {
		asked[string(found[1])] = path
	}
	return err
}
