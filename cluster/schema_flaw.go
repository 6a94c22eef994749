package cluster

import (
	"fmt"
	"strings"
)

// setting is one setting of a stream, as nats-server names it.
type setting struct {
	name      string
	good      bool
	got, want any
}

// Flaw is a setting of a stream that breaks a promise.
type Flaw struct {
	Setting string // as nats-server names it
	Text    string // what it is, and what it must be
}

func wrong(settings ...setting) []Flaw {
	var flaws []Flaw
	for _, s := range settings {
		if !s.good {
			flaws = append(flaws, Flaw{s.name, fmt.Sprintf("%s is %v, must be %v", s.name, s.got, s.want)})
		}
	}
	return flaws
}

func joinFlaws(flaws []Flaw) string {
	texts := make([]string, len(flaws))
	for i, f := range flaws {
		texts[i] = f.Text
	}
	return strings.Join(texts, "; ")
}
