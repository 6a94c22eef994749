// Package topics reads the topics of MQTT that profiles and addresses name. They have placeholders, {name} and {base}, so that one profile is for many
// devices. What drivers allow beyond MQTT's own rules differs, and is said by each of them.
package topics
