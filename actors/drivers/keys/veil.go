package keys

import (
	"encoding/json"
	"slices"
	"strings"
)

// hidden stands for a secret where something is shown that has one in it.
const hidden = "***"

// Veil shows what a device said without the secrets that it was given: some repeat what they are sent. The zero value knows none. It may be
// used by any number of goroutines.
type Veil struct{ secrets *strings.Replacer }

// VeilOf returns a veil for secrets, also as JSON writes them. Empty ones are none.
func VeilOf(secrets ...string) Veil {
	var texts []string
	for _, s := range secrets {
		if s != "" {
			inJSON, _ := json.Marshal(s) // of text it does not fail
			texts = append(texts, s, string(inJSON[1:len(inJSON)-1]))
		}
	}
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) }) // a secret may be part of another
	var pairs []string
	for _, text := range texts {
		pairs = append(pairs, text, hidden)
	}
	return Veil{secrets: strings.NewReplacer(pairs...)}
}

// Show returns text as it may be shown: valid UTF-8, and of no more than so many bytes, after which dots say that there was more.
func (v Veil) Show(text string, most int) string {
	if v.secrets != nil {
		text = v.secrets.Replace(text)
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
