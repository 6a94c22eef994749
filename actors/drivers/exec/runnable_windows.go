package exec

import (
	"fmt"
	"os"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// runnable tells why a program is not run that is allowed.
func runnable(program string) error {
	file, err := os.Stat(program)
	if err != nil {
		return fmt.Errorf("look for the program: %w", err)
	}
	if !file.Mode().IsRegular() {
		return roostv1.Errorf(roostv1.ErrNotFound, "%s is no program", program)
	}
	return nil
}
