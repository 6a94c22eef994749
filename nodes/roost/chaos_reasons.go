package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// reasons is a table of what is to be had. The reasons of what is not are below it, each of them once.
type reasons struct {
	out   io.Writer
	table *tabwriter.Writer
	found []string
}

func newReasons(out io.Writer) *reasons {
	return &reasons{out: out, table: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
}

// mark is what the table has for a reason; there is none for what is to be had.
func (r *reasons) mark(reason string) string {
	if reason == "" {
		return "yes"
	}
	if !slices.Contains(r.found, reason) {
		r.found = append(r.found, reason)
	}
	return fmt.Sprintf("no (%d)", slices.Index(r.found, reason)+1)
}

// write writes the table, and the reasons.
func (r *reasons) write() error {
	if err := r.table.Flush(); err != nil {
		return err
	}
	for i, reason := range r.found {
		if i == 0 {
			fmt.Fprintln(r.out)
		}
		if _, err := fmt.Fprintf(r.out, "(%d) %s\n", i+1, reason); err != nil {
			return err
		}
	}
	return nil
}
