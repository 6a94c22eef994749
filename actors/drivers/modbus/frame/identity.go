package frame

import (
	"fmt"
	"io"
)

// Category is how much of its identification a server is asked for.
type Category byte

// The categories that are read as a stream of objects.
const (
	Basic    Category = 1 // vendor, product code, revision: objects 0 to 2
	Regular  Category = 2 // also the address of the vendor, name, model and application: objects 3 to 6
	Extended Category = 3 // also what the vendor thought of: objects from 128 on
)

// identification is the kind of function 43 that is known here; its other one is for CANopen.
const identification = 0x0E

// The objects that the specification names.
const (
	VendorName  byte = 0
	ProductCode byte = 1
	Revision    byte = 2
	VendorURL   byte = 3
	ProductName byte = 4
	ModelName   byte = 5
	Application byte = 6
)

// Object is one thing that a server says of itself. Its text is as it came: it may be anything.
type Object struct {
	ID   byte
	Text string
}

// Identity is what a server says of itself, as much as fits one answer.
type Identity struct {
	// Conformity tells what can be asked for: a category, plus 0x80 where single objects can, too.
	Conformity byte
	Objects    []Object
	// More tells that there are other objects, from Next on.
	More bool
	Next byte
}

// checkIdentity says what is wrong with a request for identification.
func (r *Request) checkIdentity() error {
	switch {
	case r.Category < Basic || r.Category > Extended:
		return fmt.Errorf("%w: %s has categories 1 to 3, and not %d", ErrInvalid, r.Function, r.Category)
	case r.Count != 0 || r.written() > 0:
		return fmt.Errorf("%w: %s has no registers and no bits", ErrInvalid, r.Function)
	}
	return nil
}

// identityHead is the kind, category, conformity, more, next and how many objects there are, of one byte each.
const identityHead = 6

// readIdentity reads what a server says of itself.
func (r *Request) readIdentity(data []byte) (Response, error) {
	if len(data) < identityHead || data[0] != identification || Category(data[1]) != r.Category {
		return Response{}, fmt.Errorf("%w: % x is no identification of category %d", ErrGarbled, data, r.Category)
	}
	identity := Identity{Conformity: data[2], More: data[3] != 0, Next: data[4]}
	count, rest := int(data[5]), data[identityHead:]
	for range count {
		if len(rest) < 2 || len(rest) < 2+int(rest[1]) {
			return Response{}, fmt.Errorf("%w: an identification of %d objects ends within one", ErrGarbled, count)
		}
		end := 2 + int(rest[1])
		identity.Objects = append(identity.Objects, Object{ID: rest[0], Text: string(rest[2:end])})
		rest = rest[end:]
	}
	if len(rest) > 0 {
		return Response{}, fmt.Errorf("%w: %d bytes after an identification", ErrGarbled, len(rest))
	}
	return Response{Identity: identity}, nil
}

// readObjects reads the rest of an identification on a line, of which unit, function and kind have come: how long it is shows
// in each of its objects.
func readObjects(from io.Reader, frame []byte) ([]byte, error) {
	frame, err := readMore(from, frame, identityHead-1)
	if err != nil {
		return nil, err
	}
	for range frame[len(frame)-1] {
		if frame, err = readMore(from, frame, 2); err != nil {
			return nil, err
		}
		if frame, err = readMore(from, frame, int(frame[len(frame)-1])); err != nil {
			return nil, err
		}
	}
	return frame, nil
}

// readMore reads so many bytes more of a frame, which must not get longer than one can be.
func readMore(from io.Reader, frame []byte, n int) ([]byte, error) {
	begin := len(frame)
	if begin+n > 1+maxPDU {
		return nil, fmt.Errorf("%w: a frame of more than %d bytes", ErrGarbled, 1+maxPDU)
	}
	frame = append(frame, make([]byte, n)...)
	if _, err := io.ReadFull(from, frame[begin:]); err != nil {
		return nil, unexpected(err)
	}
	return frame, nil
}
