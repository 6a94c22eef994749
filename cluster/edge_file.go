package cluster

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/durable"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What an edge stores is sealed: a line that says what it is, a checksum, and the message. So half a file, or
// one that the disk has changed, is not taken for something else.

const (
	sealMark = "roost edge 1\n"
	// damaged ends the names of files that could not be used.
	damaged = ".damaged"
	// maxSealed bounds what is read: more than any fleet's registry has.
	maxSealed = 1 << 30
)

var sealTable = crc32.MakeTable(crc32.Castagnoli)

func seal(m proto.Message) ([]byte, error) {
	data, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	sealed := binary.BigEndian.AppendUint32([]byte(sealMark), crc32.Checksum(data, sealTable))
	return append(sealed, data...), nil
}

func unseal(sealed []byte, m proto.Message) error {
	rest, ok := bytes.CutPrefix(sealed, []byte(sealMark))
	if !ok || len(rest) < 4 {
		return roostv1.Errorf(roostv1.ErrInvalid, "the file is damaged: it does not begin as it should")
	}
	if binary.BigEndian.Uint32(rest) != crc32.Checksum(rest[4:], sealTable) {
		return roostv1.Errorf(roostv1.ErrInvalid, "the file is damaged: its checksum is another one")
	}
	if err := proto.Unmarshal(rest[4:], m); err != nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the file is damaged: %v", err)
	}
	return nil
}

func readSealed(path string, m proto.Message) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > maxSealed {
		return roostv1.Errorf(roostv1.ErrInvalid, "the file is damaged: it has %d bytes", info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return unseal(data, m)
}

// replaceSealed puts a message in the place of a file, or leaves that as it is. It is durable once the folder is
// synced too.
func replaceSealed(path string, m proto.Message) error {
	data, err := seal(m)
	if err == nil {
		err = durable.Replace(path, data, edgeFilePerm)
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", filepath.Base(path), err)
	}
	return nil
}
