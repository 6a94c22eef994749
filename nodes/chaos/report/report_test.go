package report_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/report"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// TestTells: what a reader looks for is there, of a real run and of a made-up one, and nothing has to be loaded.
func TestTells(t *testing.T) {
	made := newWorld("rig-1", "rig-2")
	made.commands(300)
	for name, r := range map[string]report.Run{
		"real": judged(recorded(t), &plan.Plan{Scenario: "real", Seed: 1}), "made-up": made.run(),
	} {
		t.Run(name, func(t *testing.T) {
			page := rendered(t, r)
			if repro := page.byID(t, "repro"); repro.text() != r.Report.Repro {
				t.Errorf("it says %q", repro.text())
			}
			for _, id := range []string{"timeline", "availability", "failover", "latency", "outcomes", "checkers", "faults", "proved", "environment"} {
				if page.byID(t, id).text() == "" {
					t.Errorf("%s is empty", id)
				}
			}
			if rows := page.byID(t, "checkers").all("tr", ""); len(rows) != 1+len(check.Checkers()) {
				t.Errorf("%d rows of checkers", len(rows))
			}
			selfContained(t, page)
			described(t, page)
		})
	}
}

// TestDrawings: the page links the drawings of registers that are beside it.
func TestDrawings(t *testing.T) {
	r := newWorld("rig-1").run()
	if strings.Contains(rendered(t, r).byID(t, "checkers").text(), "porcupine") {
		t.Error("it names drawings, and there are none")
	}
	r.Report.Drawings = []string{"porcupine-desired.rig-1.html", "porcupine-own.rig-1.html"}
	var links []string
	for _, a := range rendered(t, r).byID(t, "checkers").all("a", "") {
		links = append(links, a.attribute("href"))
	}
	if strings.Join(links, " ") != strings.Join(r.Report.Drawings, " ") {
		t.Errorf("it links %q", links)
	}
}

// selfContained checks that a browser has nothing to load, and runs no script but the page's own.
func selfContained(t *testing.T, page document) {
	t.Helper()
	if n := len(page.all("script", "")); n != 1 {
		t.Errorf("%d scripts", n)
	}
	for _, e := range page.all("", "") {
		switch e.Data {
		case "link", "img", "iframe", "object", "embed", "base", "form", "image", "use", "foreignobject":
			t.Errorf("there is a <%s>", e.Data)
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s> has %s=%q", e.Data, a.Key, a.Val)
			}
			if a.Key == "style" && strings.Trim(a.Val, "abcdefghijklmnopqrstuvwxyz:;%-.0123456789") != "" {
				t.Errorf("<%s> has style=%q", e.Data, a.Val)
			}
		}
	}
	for _, e := range page.all("style", "") {
		if text := e.text(); strings.Contains(text, "url(") || strings.Contains(text, "@import") {
			t.Error("the style loads something")
		}
	}
	if policy := page.all("meta", ""); !strings.HasPrefix(policy[1].attribute("content"), "default-src 'none'") {
		t.Errorf("policy %q", policy[1].attribute("content"))
	}
}

// described checks that drawings say in words what they show, and that links lead somewhere.
func described(t *testing.T, page document) {
	t.Helper()
	ids := map[string]bool{}
	for _, e := range page.all("", "") {
		if id := e.attribute("id"); id != "" && ids[id] {
			t.Errorf("two elements %q", id)
		} else {
			ids[id] = true
		}
	}
	for _, e := range page.all("svg", "") {
		if e.attribute("role") != "img" || e.attribute("aria-label") == "" || e.attribute("height") == "" {
			t.Errorf("a drawing has role %q, label %q and height %q", e.attribute("role"), e.attribute("aria-label"), e.attribute("height"))
		}
	}
	for _, e := range page.all("a", "") {
		if !ids[e.attribute("href")[1:]] {
			t.Errorf("a link leads to %q", e.attribute("href"))
		}
	}
}

// TestHostile: names and texts are shown, and are nothing but texts.
func TestHostile(t *testing.T) {
	texts := []string{
		`</script><script>alert(1)</script>`, `" onmouseover="alert(1)`, `'><svg onload=alert(1)>`, `javascript:alert(1)`,
		`</title></style><img src=x onerror=alert(1)>`, "{{.}}", "]]><b>", "x\x00y\u202e", `;}body{display:none`,
	}
	w := newWorld(texts...)
	for i, text := range texts {
		w.command("c"+text, text, history.Pulse, 3000*ms, history.Succeeded)
		w.act("c"+text, text, instant(5000+i)) // twice
	}
	r := w.run()
	for i, text := range texts {
		r.Report.Faults = append(r.Report.Faults, run.Fault{ID: text, Kind: text, Target: text, Symbolic: text, Evidence: text, Error: text})
		r.Report.Skipped = append(r.Report.Skipped, run.Skipped{ID: text, Reason: text})
		r.Report.Sometimes = append(r.Report.Sometimes, run.Sometimes{Name: text, Count: i})
		r.Report.Phases = append(r.Report.Phases, run.Phase{Name: text, T0: 0, T1: 9000})
	}
	r.Report.Repro, r.Report.Reason, r.Report.Scenario, r.Report.Verdict = texts[0], texts[1], texts[4], check.Verdict(texts[2])
	r.Report.Machine.Kernel, r.Report.Version = texts[2], texts[5]
	r.Means = []run.Means{{Name: texts[0], Missing: texts[4]}}
	page := rendered(t, r)
	selfContained(t, page)
	described(t, page)
	if len(page.all("img", "")) > 0 || len(page.all("title", "")) == 0 || page.byID(t, "repro").text() != texts[0] {
		t.Errorf("repro says %q", page.byID(t, "repro").text())
	}
	for _, text := range texts[:7] {
		if !strings.Contains(page.byID(t, "faults").text(), text) || !strings.Contains(page.byID(t, "timeline").text(), text) {
			t.Errorf("%q is not shown as it is", text)
		}
	}
}

// TestEmpty: of a run that did not come far the page says what there is.
func TestEmpty(t *testing.T) {
	for name, r := range map[string]report.Run{
		"nothing":          {Report: &run.Report{}},
		"no history":       {Report: &run.Report{Verdict: run.VerdictError, Reason: "the hub does not start"}, Missing: "no such file"},
		"an empty history": {Report: &run.Report{Verdict: run.VerdictInterrupted}, History: history.New(nil)},
		"only the plan":    {Report: &run.Report{Verdict: check.Unknown}, History: history.New(newWorld("rig-1").records[:1])},
	} {
		t.Run(name, func(t *testing.T) {
			page := rendered(t, r)
			selfContained(t, page)
			described(t, page)
			if !strings.Contains(page.text(), r.Report.Reason) || !strings.Contains(page.text(), r.Missing) {
				t.Errorf("it does not say why: %s", page.text())
			}
		})
	}
	if err := report.Render(io.Discard, report.Run{}); err == nil {
		t.Error("a run without a report is rendered")
	}
}

// TestViolated: the head leads to what was broken; each violation has its pin, its lane, its tick, and the records around
// it side by side.
func TestViolated(t *testing.T) {
	w := newWorld("rig-1", "rig-2", "rig-10")
	w.commands(60)
	w.command("twice", "rig-10", history.Pulse, 3500*ms, history.Succeeded)
	w.act("twice", "rig-10", 3700*ms)
	r := w.run()
	r.Report.Reason = "C4 twice"
	page := rendered(t, r)
	described(t, page)
	pins, violations := page.all("a", "pin"), page.all("details", "violation")
	if len(violations) == 0 || len(pins) != len(violations) {
		t.Fatalf("%d pins of %d violations", len(pins), len(violations))
	}
	var found bool
	for _, v := range violations {
		if !strings.Contains(v.all("summary", "")[0].text(), "C4 twice") {
			continue
		}
		found = true
		if rows := v.all("tr", ""); len(rows) < 4 || len(rows) > 1+check.MaxAround || len(v.all("tr", "proof")) < 2 {
			t.Errorf("%d records around it, %d of them prove it", len(rows)-1, len(v.all("tr", "proof")))
		}
		var lanes []string
		for _, h := range v.all("th", "") {
			lanes = append(lanes, h.text())
		}
		for _, lane := range []string{"truth", "client"} {
			if !strings.Contains(strings.Join(lanes, " "), lane) {
				t.Errorf("lanes %v have no %s", lanes, lane)
			}
		}
	}
	if !found {
		t.Error("the violation is not told")
	}
	var marked []string
	for _, tick := range page.byID(t, "timeline").all("rect", "named") {
		marked = append(marked, tick.text())
	}
	if !strings.Contains(strings.Join(marked, "; "), "twice of rig-10: a violation names it") {
		t.Errorf("of the commands are marked: %v", marked)
	}
	if header := page.all("header", "violated"); len(header) != 1 || !strings.Contains(header[0].text(), "C4 at most once : 1 violation") {
		t.Error("the head does not say so")
	}
}

// TestOrder: the verdict comes first, then how to do it again, then what happened.
func TestOrder(t *testing.T) {
	w := newWorld("rig-1")
	w.command("twice", "rig-1", history.Pulse, 3500*ms, history.Succeeded)
	w.act("twice", "rig-1", 3700*ms)
	var out bytes.Buffer
	if err := report.Render(&out, w.run()); err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, part := range []string{`<header class="verdict violated"`, `id="repro"`, `id="timeline"`, `id="availability"`, `id="failover"`, `id="latency"`, `id="outcomes"`, `id="checkers"`, `class="violation"`, `id="proved"`, `id="environment"`} {
		at := strings.Index(out.String(), part)
		if at <= last {
			t.Errorf("%s is at %d, after %d", part, at, last)
		}
		last = at
	}
}

// TestSaysWhatIsNotProved: what was left out, did not take, or had nothing to look at has its reason on the page.
func TestSaysWhatIsNotProved(t *testing.T) {
	r := newWorld("rig-1").run()
	r.Report.Checkers = []check.Result{{ID: "C9", Name: "not vacuous", Verdict: check.Unknown, Reason: "too few commands"}, {ID: "C12", Name: "registers", Verdict: check.Held}}
	r.Report.Checkers[0].Metrics = map[string]float64{check.MetricPauses: 3}
	r.Report.Skipped = []run.Skipped{{ID: "f7", Reason: "no hub leads"}}
	r.Report.Faults = append(r.Report.Faults, run.Fault{ID: "f8", Kind: "pause", Target: "gw-2"})
	text := rendered(t, r).byID(t, "proved").text()
	for _, part := range []string{"too few commands", "C12 registers there was nothing to examine", "f7 left out: no hub leads", "f8 it was not seen to work", "evictions never", "in 3 pauses no stale attempt came to a device"} {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q: %s", part, text)
		}
	}
}

func large() report.Run {
	w := newWorld(names(1000)...)
	w.commands(100_000)
	h := history.New(w.records)
	r := report.Run{History: h, Report: &run.Report{Verdict: check.Held, Failover: map[string]run.Quantiles{}}}
	c := check.Result{ID: "C4", Name: "at most once", Verdict: check.Violated, Examined: 100_000}
	for _, id := range []string{"c-1", "c-50001", "c-99999"} {
		c.Violations = append(c.Violations, check.Violation{Clause: "C4", Subject: id, Text: "twice", At: 5000 * ms})
	}
	r.Report.Checkers = []check.Result{c}
	return r
}

// TestLarge: a hundred thousand commands on a thousand devices make a page of bounded size, in which nothing that a violation
// names is left out, nor an outcome that is rare.
func TestLarge(t *testing.T) {
	r := large()
	page := rendered(t, r)
	if page.size > 5_000_000 {
		t.Errorf("it has %d bytes", page.size)
	}
	ticks := map[string]int{}
	for _, p := range page.byID(t, "timeline").all("path", "tick") {
		ticks[p.attribute("class")] = strings.Count(p.attribute("d"), "M")
	}
	all := ticks["tick o0"] + ticks["tick o3"]
	if all > report.MaxDrawn || all < report.MaxDrawn*9/10 || ticks["tick o3"] < 900 {
		t.Errorf("%v are drawn", ticks)
	}
	var named []string
	for _, rect := range page.byID(t, "timeline").all("rect", "named") {
		named = append(named, rect.text())
	}
	if text := strings.Join(named, " "); len(named) != 3 || !strings.Contains(text, "c-50001 of rig-2:") {
		t.Errorf("of what violations name is drawn: %v", named)
	}
	if !laneOf(page.byID(t, "timeline").all("div", "names"), "! rig-1000") {
		t.Error("the device of a violation has no lane")
	}
	if !strings.Contains(page.text(), "of 100000 commands about 10000 are drawn") {
		t.Error("it does not say what is left out")
	}
}

func laneOf(lanes []document, text string) bool {
	for _, l := range lanes {
		if strings.Contains(l.text(), text) {
			return true
		}
	}
	return false
}

// TestWrite: the page lies beside report.json; where there is no history it says so, and where there is no run nothing is
// written.
func TestWrite(t *testing.T) {
	folder := t.TempDir()
	if _, err := report.Write(folder); err == nil {
		t.Error("a folder without a run has a page")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
	r := &run.Report{Schema: run.Schema, Verdict: run.VerdictError, Reason: "the hub does not start"}
	if err := r.Write(folder); err != nil {
		t.Fatal(err)
	}
	path, err := report.Write(folder)
	if err != nil || path != filepath.Join(folder, report.Name) {
		t.Fatalf("%q, %v", path, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "the hub does not start") || !strings.Contains(string(text), "no history") {
		t.Errorf("it says %s, %v", text, err)
	}
	if _, err := html.Parse(bytes.NewReader(text)); err != nil {
		t.Error(err)
	}
}

func BenchmarkRender(b *testing.B) {
	r := large()
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := report.Render(&out, r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Len()), "bytes")
}
