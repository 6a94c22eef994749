// Package report makes report.html of a run: one file that needs no network and no other file.
//
//	report.json, plan.json, history --> Run --> Render --> HTML with inline SVG
//
// [Render] is pure: it reads nothing but the [Run]. [Load] reads one from the folder of a run, and [Write] leaves the page
// beside report.json.
//
// # Hostile texts
//
// Ids of devices, reasons and evidence are whatever somebody called them. They reach the page through
// html/template alone, which escapes for the place where they stand. Anchors are numbers of this package's own, and the
// page's policy forbids it to load anything.
//
// # Size
//
// What is drawn is bounded, whatever the run: [MaxDrawn] commands, fairly shared by how they ended, and [MaxLanes] devices.
// What violations name is drawn in addition, always. Counts, quantiles and shares are of all.
package report
