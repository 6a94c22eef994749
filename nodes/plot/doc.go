// Package plot draws how a value went over time, in characters.
//
//	(time, value) --Add--> Series --Columns--> one value a column --Draw--> lines
//
// A column shows the mean of what was measured in its span of time. A column in which nothing was
// measured shows what was measured last, but only for as long as such a value can be
// believed: a device that says nothing for longer has a gap in its line. Kept by TestColumns.
//
// # Concurrency
//
// A Series is used by one goroutine at a time.
package plot
