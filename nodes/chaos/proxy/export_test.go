package proxy

// Scan returns the verbs of the messages in one direction of a connection that comes in these pieces.
func Scan(pieces ...[]byte) []Verb {
	var s scanner
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
