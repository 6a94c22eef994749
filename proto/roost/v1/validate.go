package roostv1

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// MaxRecord is the size in bytes, as protobuf, of the largest profile or device
// that is accepted. It leaves a message of the hub room for more than one.
const MaxRecord = 256 << 10

// place is somewhere in what is validated: problems found there are reported under
// its path and name its subject.
type place struct {
	problems *Problems
	path     string // "profiles[0].resources[3]", or empty
	subject  string // "resource speed", or empty
}

// report adds a problem of a field, which is empty for the place itself.
func (at place) report(field, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if at.subject != "" {
		message = at.subject + ": " + message
	}
	*at.problems = append(*at.problems, Problem{Path: join(at.path, field), Message: message})
}

// entry returns the place of an element of a list, and what it is.
func (at place) entry(field string, i int, noun, name string) place {
	at.path = join(at.path, index(field, i))
	at.subject = noun
	if name != "" {
		at.subject += " " + shown(name)
	}
	return at
}

func join(path, field string) string {
	if path == "" || field == "" {
		return path + field
	}
	return path + "." + field
}

func index(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }

func key(field, k string) string { return field + "[" + strconv.Quote(cut(k, MaxID)) + "]" }

// bare returns the place without its subject, for problems of the very name that
// the subject would tell.
func (at place) bare() place {
	at.subject = ""
	return at
}

// failed reports err, if there is one.
func (at place) failed(field string, err error) {
	if err != nil {
		at.report(field, "%s", err.Error())
	}
}

// once reports a name that was seen before, and returns whether it was not. firsts
// remembers where; an empty name is reported elsewhere.
func (at place) once(firsts map[string]string, field, name string) bool {
	first, again := firsts[name]
	if !again {
		firsts[name] = join(at.path, field)
	} else if name != "" {
		at.bare().report(field, "%s is there already, at %s", shown(name), first)
	}
	return !again
}

// size refuses what is too large to be stored.
func (at place) size(m proto.Message, most int) {
	if n := proto.Size(m); n > most {
		at.report("", "%d bytes, at most %d are accepted", n, most)
	}
}

// line refuses what a terminal should not be given, in text for people.
func (at place) line(field, s string) { at.printable(field, s, "") }

// text is line for text that may have line breaks.
func (at place) text(field, s string) { at.printable(field, s, "\t\n") }

func (at place) printable(field, s, allowed string) {
	if !utf8.ValidString(s) {
		at.report(field, "not UTF-8 text")
		return
	}
	for _, r := range s {
		if unicode.IsControl(r) && !strings.ContainsRune(allowed, r) {
			at.report(field, "control character %q is not allowed", r)
			return
		}
	}
}

// texts checks what is in a map whose keys anybody may choose.
func (at place) texts(field string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k == "" {
			at.report(key(field, k), "the key is empty")
		}
		at.line(key(field, k), k)
		if !utf8.ValidString(m[k]) {
			at.report(key(field, k), "not UTF-8 text")
		}
	}
}

// labels checks what people select by: nothing that a selector on a command line
// needs for itself.
func (at place) labels(field string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if flaw := labelFlaw(k); flaw != "" {
			at.report(key(field, k), "%s", flaw)
		}
		at.line(key(field, k), m[k])
	}
}

// enum refuses a number that this version has no name for.
func (at place) enum(field string, e protoreflect.Enum) {
	if !known(e) {
		at.report(field, "%d is not known", e.Number())
	}
}

// amount checks a tolerance or the like: a finite number, zero or more, of a resource
// whose type it fits.
func (at place) amount(field string, f float64, t ValueType) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		at.report(field, "%v is not a finite number", f)
	case f < 0:
		at.report(field, "%s is negative", formatDouble(f))
	case f > 0 && typed(t) && !numeric(t):
		at.report(field, "%s makes no sense for %s", formatDouble(f), t.noun())
	}
}

// typed reports whether t is a type at all; where it is not, that is the problem.
func typed(t ValueType) bool { return known(t) && t != ValueType_VALUE_TYPE_UNSPECIFIED }

// span checks a duration that may be left out; if it is there it must be at least
// least and at most most.
func (at place) span(field string, d *durationpb.Duration, least, most time.Duration) {
	if d == nil {
		return
	}
	if flaw := durationFlaw(d, least, most); flaw != "" {
		at.report(field, "%s", flaw)
	}
}

// durationFlaw says what is wrong with d, or nothing.
func durationFlaw(d *durationpb.Duration, least, most time.Duration) string {
	if d.CheckValid() != nil {
		return fmt.Sprintf("%d s and %d ns is not a duration", d.GetSeconds(), d.GetNanos())
	}
	switch span := d.AsDuration(); {
	case span < 0:
		return span.String() + " is negative"
	case span == 0 && least > 0:
		return "0 is not a length of time; leave the field out for its default"
	case span < least:
		return fmt.Sprintf("%v is shorter than %v", span, least)
	case span > most:
		return fmt.Sprintf("%v is longer than %v", span, most)
	}
	return ""
}

// limit refuses a count that would cost more memory than anybody means to give.
func (at place) limit(field string, n, most uint32) {
	if n > most {
		at.report(field, "%d is more than %d", n, most)
	}
}
