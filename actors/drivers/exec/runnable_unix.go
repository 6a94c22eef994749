//go:build unix

package exec

import (
	"fmt"
	"os"
	"path/filepath"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// runnable tells why a program is not run that is allowed: because it is none, or because everybody may change what it is.
func runnable(program string) error {
	file, err := os.Stat(program)
	if err != nil {
		return fmt.Errorf("look for the program: %w", err)
	}
	folder, err := os.Stat(filepath.Dir(program))
	if err != nil {
		return fmt.Errorf("look for the program: %w", err)
	}
	const execute, byAll = 0o111, 0o002
	switch {
	case !file.Mode().IsRegular():
		return roostv1.Errorf(roostv1.ErrNotFound, "%s is no program", program)
	case file.Mode()&execute == 0:
		return roostv1.Errorf(roostv1.ErrPermission, "%s cannot be executed: chmod +x it", program)
	case file.Mode()&byAll != 0:
		return roostv1.Errorf(roostv1.ErrPermission, "everybody may write to %s, so it is not run: chmod o-w it", program)
	case folder.Mode()&byAll != 0 && folder.Mode()&os.ModeSticky == 0:
		return roostv1.Errorf(roostv1.ErrPermission, "everybody may write to the folder of %s, so it is not run: chmod o-w it", program)
	}
	return nil
}
