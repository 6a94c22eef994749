package guard

import (
	"fmt"

	"github.com/roost-iot/roost/cluster/durable"
)

// writeFile writes a file as a whole, for its owner alone: whoever reads it sees the old content or the new one,
// also after a power failure.
func writeFile(path string, content []byte) error {
	if err := durable.Write(path, content, filePerm); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
