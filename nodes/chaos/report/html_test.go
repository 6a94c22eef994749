package report_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/roost-iot/roost/nodes/chaos/report"
)

// document is a page as a browser reads it.
type document struct {
	*html.Node
	size int
}

func rendered(t testing.TB, r report.Run) document {
	t.Helper()
	var out bytes.Buffer
	if err := report.Render(&out, r); err != nil {
		t.Fatal(err)
	}
	size := out.Len()
	if i := bytes.Index(out.Bytes(), []byte("ZgotmplZ")); i >= 0 {
		t.Errorf("the template refuses a value: %s", out.Bytes()[max(i-100, 0):i+20])
	}
	root, err := html.Parse(&out)
	if err != nil {
		t.Fatal(err)
	}
	return document{root, size}
}

// all returns the elements with a tag ("": any) that have a class ("": any).
func (d document) all(tag, class string) []document {
	var found []document
	for n := range d.Descendants() {
		if n.Type == html.ElementNode && (tag == "" || n.Data == tag) && (class == "" || contains(attribute(n, "class"), class)) {
			found = append(found, document{Node: n})
		}
	}
	return found
}

func contains(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

func (d document) byID(t testing.TB, id string) document {
	t.Helper()
	for _, e := range d.all("", "") {
		if e.attribute("id") == id {
			return e
		}
	}
	t.Fatalf("there is no element %q", id)
	return document{}
}

func (d document) attribute(name string) string { return attribute(d.Node, name) }

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is all that an element says, with single spaces.
func (d document) text() string {
	var b strings.Builder
	for n := range d.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
