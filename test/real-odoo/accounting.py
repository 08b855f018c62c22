# Read by `odoo shell` in a copy of the bare template: see accounting_template in bring-up.sh.
env['ir.module.module'].search([('name', '=', 'l10n_es')]).button_immediate_install()
env.transaction.reset()
env = env(user=env.user.id)
eur = env.ref('base.EUR')
eur.active = True
env.ref('base.main_company').name = 'USA'
# A company made with its country installs every module for that country, some of which need packages that are not here.
spain = env['res.company'].create({'name': 'Spain', 'currency_id': eur.id})
spain.partner_id.country_id = env.ref('base.es')
env['account.chart.template'].try_loading('es_pymes', spain, install_demo=False)
admin = env.ref('base.user_admin')
admin.company_ids |= spain
# Without it nobody sees cost centres.
admin.group_ids |= env.ref('analytic.group_analytic_accounting')
env.cr.commit()
for company in env['res.company'].search([], order='id'):
    accounts = env['account.account'].search_count([('company_ids', 'in', company.id)])
    print(company.id, company.name, company.currency_id.name, company.chart_template, accounts, 'accounts')
