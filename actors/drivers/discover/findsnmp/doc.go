// Package findsnmp looks for devices that have an SNMP agent.
//
// Each address is asked whether it is there, and if it is, who it is and what it has of what the driver knows (snmp.Look): interfaces, processors
// and volumes, power supplies, printers. What it has becomes resources that can be read.
//
// An agent with another community or another user does not answer, and cannot be told from nobody.
package findsnmp
