export const tokens = {
  space: [0, 4, 8, 12, 16, 24, 32, 48],
  radius: 6,
  colour: { ink: "#1c2733", accent: "#1f6f6b", signal: "#c98a2b" },
} as const;
