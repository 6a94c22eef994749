// Package health tells whoever watches over a Roost process how it does, over HTTP on loopback:
//
//	/healthz   200 while the process lives and is not wedged
//	/readyz    200 while it serves; why not, or what is not as it should be, is in its JSON
//	/metrics   what Prometheus collects
//
// There is no state of the whole process in it: each server has a registry of its own. Labels are
// bounded: there is none for each device. Nothing that is told is secret, and still nobody on another
// machine can ask: other addresses than loopback are refused.
//
// # Concurrency
//
// Open listens, Run serves until its context ends. What the server asks is called by any number of
// goroutines at once, but by as many only as are let in at one time.
package health
