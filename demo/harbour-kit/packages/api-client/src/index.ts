import { z } from "zod";

const Call = z.object({ ship: z.string(), from: z.string(), until: z.string() });
const Plan = z.object({
  revision: z.number(),
  berths: z.array(z.object({ name: z.string(), calls: z.array(Call) })),
});

export type Plan = z.infer<typeof Plan>;

/** The plan in force. */
export async function currentPlan(base: string): Promise<Plan> {
  const answer = await fetch(`${base}/plans/current`);
  if (!answer.ok) {
    throw new Error(`berth-planner answered ${answer.status}`);
  }
  return Plan.parse(await answer.json());
}

/** Where a container is. */
export async function container(base: string, number: string): Promise<{ at: string; held: boolean }> {
  const answer = await fetch(`${base}/containers/${encodeURIComponent(number)}`);
  return answer.json();
}
