package exec

import (
	"encoding/json"
	"slices"
	"strings"
)

const (
	// maxShown is how much of a line an error or the log shows, in bytes.
	maxShown = 300
	hidden   = "***"
)

// veil shows what a program wrote, without the secrets that it was given.
type veil struct{ secrets *strings.Replacer }

func newVeil(secrets map[string]string) veil {
	var texts []string
	for _, s := range secrets {
		if s != "" {
			inJSON, _ := json.Marshal(s) // of text it does not fail
			texts = append(texts, s, strings.Trim(string(inJSON), `"`))
		}
	}
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) }) // a secret may be part of another
	var pairs []string
	for _, text := range texts {
		pairs = append(pairs, text, hidden)
	}
	return veil{secrets: strings.NewReplacer(pairs...)}
}

// show returns text as it may be shown, cut where it is long.
func (v veil) show(text string) string {
	text = strings.ToValidUTF8(v.secrets.Replace(text), "\uFFFD")
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "..."
	}
	return text
}
