package main

import (
	"math"
	"time"
)

// A constituent of the tide: amplitude in centimetres, speed in degrees an hour, phase in degrees.
type constituent struct {
	name                    string
	amplitude, speed, phase float64
}

// For the gauge at pier 4, from the harmonic analysis of 2019.
var constituents = []constituent{
	{"M2", 79.1, 28.984104, 86.2},
	{"S2", 19.4, 30.000000, 146.8},
	{"N2", 12.3, 28.439730, 61.0},
	{"O1", 10.9, 13.943036, 186.4},
	{"M4", 16.6, 57.968208, 121.9},
}

type level struct {
	At          time.Time `json:"at"`
	Centimetres int       `json:"centimetres"`
}

func levels(from time.Time, hours int) []level {
	epoch := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	found := make([]level, 0, hours*6)
	for step := 0; step < hours*6; step++ {
		at := from.Add(time.Duration(step) * 10 * time.Minute)
		elapsed := at.Sub(epoch).Hours()
		height := 140.0
		for _, c := range constituents {
			height += c.amplitude * math.Cos((c.speed*elapsed-c.phase)*math.Pi/180)
		}
		found = append(found, level{at, int(math.Round(height))})
	}
	return found
}
