package answer_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/answer"
)

// outcome is what a question has come to.
func outcome(q *answer.Question) string {
	select {
	case a := <-q.Came():
		results, err := a.Results("NO")
		switch {
		case errors.Is(err, actors.ErrRefused):
			return "refused"
		case errors.Is(err, actors.ErrNotSent):
			return "not sent"
		case err != nil:
			return "unknown"
		}
		return results["response"].GetString_()
	default:
		return "nothing"
	}
}

func want(t *testing.T, q *answer.Question, text string) {
	t.Helper()
	if got := outcome(q); got != text {
		t.Errorf("it came to %q, want %q", got, text)
	}
}

func TestAnswers(t *testing.T) {
	d := new(answer.Desk)
	d.Take("of before", "")
	q := d.Ask()
	want(t, q, "nothing")
	d.Take("done", "")
	want(t, q, "done")
	q.End(true)
	q = d.Ask()
	d.Take(" NO\n", "")
	want(t, q, "refused")
	q.End(true)
	q = d.Ask() // none of these is owed
	d.Take("yes", "")
	want(t, q, "yes")
}

// TestLateAnswerIsNotTheNextCommands: nobody is told what another was.
func TestLateAnswerIsNotTheNextCommands(t *testing.T) {
	d := new(answer.Desk)
	first := d.Ask()
	first.End(true)
	second := d.Ask()
	d.Take("of the first", "")
	want(t, second, "unknown")
	second.End(true)
	third := d.Ask()
	d.Take("NO", "") // of the second
	want(t, third, "unknown")
	third.End(true)
	d.Take("of the third", "")
	fourth := d.Ask()
	d.Take("of the fourth", "")
	want(t, fourth, "of the fourth") // all that was owed has come
}

func TestOwedUntilItIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(answer.Desk)
		d.Ask().End(true)
		<-time.After(answer.Quiet - time.Second)
		q := d.Ask()
		d.Take("its own", "")
		want(t, q, "unknown")
		q.End(true)
		<-time.After(answer.Quiet - time.Second)
		q = d.Ask()
		d.Take("its own", "")
		want(t, q, "unknown") // the one before may not have been answered
		q.End(true)
		<-time.After(answer.Quiet)
		q = d.Ask()
		d.Take("its own", "")
		want(t, q, "its own")
	})
}

func TestNotSentOwesNothing(t *testing.T) {
	d := new(answer.Desk)
	d.Ask().End(false)
	q := d.Ask()
	d.Take("its own", "")
	want(t, q, "its own")
	q.End(true)

	d.Ask().End(true)
	q = d.Ask()
	d.Take("of before", "")
	q.End(false) // what came was that of before
	q = d.Ask()
	d.Take("its own", "")
	want(t, q, "its own")
}

// TestTwoAtOnce: it is not known which of them is meant.
func TestTwoAtOnce(t *testing.T) {
	d := new(answer.Desk)
	one, two := d.Ask(), d.Ask()
	d.Take("of one of them", "")
	want(t, one, "unknown")
	want(t, two, "unknown")
	one.End(true)
	two.End(true)
	three := d.Ask()
	d.Take("of the other", "")
	want(t, three, "unknown")
}

func TestAnswersThatNameTheirCommand(t *testing.T) {
	d := new(answer.Desk)
	one, two := d.Ask(), d.Ask()
	d.Take("two", two.ID)
	want(t, one, "nothing")
	want(t, two, "two")
	one.End(true)
	three := d.Ask()
	d.Take("one", one.ID)
	want(t, three, "nothing")
	d.Take("three", "")
	want(t, three, "three")
	four := d.Ask()
	d.Take("whose?", "another's")
	want(t, four, "nothing")
}

// TestOwedOverSessions: what was sent in one session may be answered in the next.
func TestOwedOverSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var desks answer.Desks[string]
		d := desks.Join("a")
		d.Ask().End(true)
		desks.Leave(d)
		again := desks.Join("a")
		q := again.Ask()
		again.Take("late", "")
		want(t, q, "unknown")
		q.End(true)
		desks.Leave(again)
		<-time.After(answer.Quiet)
		desks.Join("b")
		if desks.Join("a") == d {
			t.Error("a desk that owes nothing is kept for ever")
		}
	})
}
