package fleetfile

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// describe says what a node is, for the middle of a sentence.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "fields"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float", "!!bool":
		return short(n.Value)
	}
	return "the text " + quote(n.Value)
}

// quote makes what somebody wrote fit for a message.
func quote(text string) string { return fmt.Sprintf("%q", short(text)) }

func short(text string) string {
	const most = 64
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
