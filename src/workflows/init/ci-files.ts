/** The night in CI: a workflow that runs by itself, publishes the reports and ends with the exit code of the run. */

export const ciKinds = ['github', 'gitlab'] as const;
export type CiKind = (typeof ciKinds)[number];

const about = (
  capability: string,
): string => `# The night: pull, map, match and reconcile ${capability}. Asks nothing; ends 0 when both sides agree or differences are on
# their way, 3 with breaks, 4 when something could not be compared.
#
# The runner must reach the legacy systems, Odoo, and last night's work: in cutover.yaml name \`state: postgres://…\` and a
# \`store:\` that outlives the runner (a share of the hospital, not a cache of the provider: it holds the data of the hospital).
# The reports hold tokens instead of the contents of fields marked pii.
`;

/** Path in the workspace → content. */
export function ciFiles(kind: CiKind, options: { readonly version: string; readonly capability: string }): ReadonlyMap<string, string> {
  return kind === 'github'
    ? new Map([['.github/workflows/cutover-night.yml', githubWorkflow(options)]])
    : new Map([['.gitlab-ci.yml', gitlabPipeline(options)]]);
}

function githubWorkflow({ version, capability }: { readonly version: string; readonly capability: string }): string {
  return `${about(capability)}name: cutover night
on:
  schedule:
    - cron: '17 2 * * *'
  workflow_dispatch: {}
permissions:
  contents: read
concurrency:
  group: cutover-night
  cancel-in-progress: false
jobs:
  ${capability}:
    runs-on: self-hosted
    timeout-minutes: 120
    env:
      ODOO_API_KEY: \${{ secrets.ODOO_API_KEY }}
      CUTOVER_PII_KEY: \${{ secrets.CUTOVER_PII_KEY }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - name: Run the night
        run: npx --yes odoo-cutover@${version} run ${capability} --out reports
      - name: Summary
        if: always() && hashFiles('reports/summary.md') != ''
        run: cat reports/summary.md >> "$GITHUB_STEP_SUMMARY"
      - name: Reports
        if: always()
        uses: actions/upload-artifact@v4
        with:
          name: ${capability}
          path: reports
          retention-days: 30
`;
}

function gitlabPipeline({ version, capability }: { readonly version: string; readonly capability: string }): string {
  return `${about(capability)}
# A schedule of the project starts it (Build > Pipeline schedules). ODOO_API_KEY and CUTOVER_PII_KEY are masked variables of the project.
${capability}:
  image: node:24
  timeout: 2h
  resource_group: cutover-night
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
    - if: $CI_PIPELINE_SOURCE == "web"
  script:
    - npx --yes odoo-cutover@${version} run ${capability} --out reports
  artifacts:
    when: always
    expire_in: 30 days
    paths:
      - reports
    reports:
      junit: reports/junit.xml
`;
}
