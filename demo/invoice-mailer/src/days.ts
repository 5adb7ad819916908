const holidays = new Set(["01-01", "05-01", "12-25", "12-26"]);

function isWorkingDay(day: Date): boolean {
  const date = day.toISOString().slice(5, 10);
  return day.getUTCDay() % 6 !== 0 && !holidays.has(date);
}

/** Whether no earlier day of its month was a working day. */
export function isFirstWorkingDay(day: Date): boolean {
  for (let date = 1; date < day.getUTCDate(); date += 1) {
    if (isWorkingDay(new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), date)))) {
      return false;
    }
  }
  return isWorkingDay(day);
}
