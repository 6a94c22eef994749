package report

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
)

var (
	//go:embed page.html parts.html
	files embed.FS
	//go:embed style.css
	style template.CSS
	//go:embed script.js
	script template.JS
)

var pages = template.Must(template.New("page.html").ParseFS(files, "page.html", "parts.html"))

// Render writes the page of a run. The errors are those of w, and of a run without a report.
func Render(w io.Writer, r Run) error {
	if r.Report == nil {
		return errors.New("render a run: it has no report")
	}
	if err := pages.Execute(w, newPage(r)); err != nil {
		return fmt.Errorf("render the run %s, seed %d: %w", r.Report.Scenario, r.Report.Seed, err)
	}
	return nil
}
