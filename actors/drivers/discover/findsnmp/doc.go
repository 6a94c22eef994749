// Package findsnmp looks for devices that have an SNMP agent.
//
// Each address is asked who it is (sysDescr, sysObjectID, sysName). Who answers is asked for what it has of the MIBs that are known here: interfaces (RFC 2863),
// uninterruptible power supplies (RFC 1628) and hosts (RFC 2790). What it has becomes resources that can be read.
//
// An agent with another community or another user does not answer, and cannot be told from nobody.
package findsnmp
