package proxy

// Scan returns the verbs of the messages in one direction of a connection that comes in these pieces.
func Scan(pieces ...[]byte) []Verb { return ScanFor(nil, Up, pieces...) }

// ScanFor is Scan, with somebody who looks.
func ScanFor(tap Tap, d Direction, pieces ...[]byte) []Verb {
	s := scanner{tap: tap, direction: d}
	var verbs []Verb
	for _, piece := range pieces {
		for len(piece) > 0 {
			n, verb := s.next(piece)
			if n == 0 {
				panic("it takes nothing")
			}
			if verb != "" {
				verbs = append(verbs, verb)
			}
			piece = piece[n:]
		}
	}
	return verbs
}
