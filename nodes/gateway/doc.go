// Package gateway puts a gateway together: the actors of package actors on one side, the
// part in the cluster of package cluster on the other, and the store for readings
// between them.
//
//	hub <-> cluster.Gateway --Assign, Execute--> actors.Gateway --> drivers --> devices
//	hub <-- cluster.Readings <------Store------------'
//	                     control.Tap <-------'
//	hub <-> cluster.Peers <--Ask, Deliver--> actors, for the devices of other gateways
//
// It is wiring: what is decided is decided in those packages. What it adds is the order of
// the end: first the cluster's part hands back its buses, so that devices are closed and their
// last readings go out, then the actors stop, then the store.
package gateway
