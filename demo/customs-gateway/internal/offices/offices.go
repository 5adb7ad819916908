// Package offices knows the customs offices and how each wants to be spoken to.
package offices

import (
	"context"
	"os"
	"time"

	"gopkg.in/yaml.v3"
)

// Office is one customs office.
type Office struct {
	Name    string        `yaml:"name"`
	Format  string        `yaml:"format"`
	Address string        `yaml:"address"`
	Pause   time.Duration `yaml:"pause"`
}

// Offices by name.
type Offices map[string]Office

// Load reads the list of offices.
func Load(path string) (Offices, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []Office
	if err := yaml.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	offices := make(Offices, len(list))
	for _, office := range list {
		offices[office.Name] = office
	}
	return offices, nil
}

// Deliver sends what waits, and books the duties with the ledger, until ctx ends.
func (o Offices) Deliver(ctx context.Context, ledger string) {
	pause := time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			if o.round(ctx, ledger) {
				pause = time.Second
			} else if pause < 10*time.Minute {
				pause *= 2
			}
		}
	}
}
