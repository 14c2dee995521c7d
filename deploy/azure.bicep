// The service and the page as two Web Apps for Containers on one Linux plan.
// docs/deploy.md has the commands.

@description('Prefix of all names; with it the sites become NAME-service and NAME-page, which must be free in azurewebsites.net.')
@minLength(2)
@maxLength(40)
param name string

@description('Region.')
param location string = resourceGroup().location

@description('Image of the service, with its tag or digest: ghcr.io/OWNER/affekt-service@sha256:...')
param serviceImage string

@description('Image of the page, likewise.')
param pageImage string

@description('Registry, user and password; the user stays empty where the images are public.')
param registryUrl string = 'https://ghcr.io'
param registryUser string = ''
@secure()
param registryPassword string = ''

@description('Who may ask the service: NAME:SHA256,... from affekt serve --new-key NAME. Empty leaves it open to all.')
@secure()
param apiKeys string = ''

@description('Size of one instance. Premium, since Basic and Standard are slow for this or do not scale by themselves.')
@allowed(['P0v3', 'P1v3', 'P2v3', 'P3v3'])
param sku string = 'P1v3'

@description('Instances: at least and at most. A health check takes a sick one out only where there are two.')
@minValue(1)
@maxValue(30)
param minInstances int = 2
@minValue(1)
@maxValue(30)
param maxInstances int = 5

// The load balancer of App Service hangs up after 230 s without a byte, so the service answers before.
var answerWithinS = 220

var sites = [
  {
    suffix: 'service'
    image: serviceImage
    port: 8000
    healthPath: '/healthz'
    command: 'serve --host 0.0.0.0 --time-out ${answerWithinS}'
    // Every request stands for itself.
    affinity: false
  }
  {
    suffix: 'page'
    image: pageImage
    port: 8501
    healthPath: '/_stcore/health'
    command: 'app --host 0.0.0.0'
    // A session lives in the memory of one instance.
    affinity: true
  }
]

var registrySettings = empty(registryUser) ? [] : [
  { name: 'DOCKER_REGISTRY_SERVER_URL', value: registryUrl }
  { name: 'DOCKER_REGISTRY_SERVER_USERNAME', value: registryUser }
  { name: 'DOCKER_REGISTRY_SERVER_PASSWORD', value: registryPassword }
]

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: '${name}-plan'
  location: location
  kind: 'linux'
  sku: { name: sku, capacity: minInstances }
  properties: { reserved: true }
}

resource apps 'Microsoft.Web/sites@2023-12-01' = [for site in sites: {
  name: '${name}-${site.suffix}'
  location: location
  kind: 'app,linux,container'
  identity: { type: 'SystemAssigned' }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: site.affinity
    siteConfig: {
      linuxFxVersion: 'DOCKER|${site.image}'
      appCommandLine: site.command
      alwaysOn: true
      webSocketsEnabled: true
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      remoteDebuggingEnabled: false
      healthCheckPath: site.healthPath
      appSettings: concat([
        // Both names: the platform forwards to WEBSITES_PORT, and what listens looks at PORT first.
        { name: 'WEBSITES_PORT', value: string(site.port) }
        { name: 'PORT', value: string(site.port) }
        { name: 'WEBSITES_ENABLE_APP_SERVICE_STORAGE', value: 'false' }
        { name: 'WEBSITES_CONTAINER_START_TIME_LIMIT', value: '300' }
        { name: 'WEBSITE_HEALTHCHECK_MAXPINGFAILURES', value: '3' }
      ], site.suffix == 'service' ? [{ name: 'AFFEKT_API_KEYS', value: apiKeys }] : [], registrySettings)
    }
  }
}]

// Passwords alone open nothing.
resource noBasicPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2023-12-01' = [for (site, i) in sites: {
  parent: apps[i]
  name: 'scm'
  properties: { allow: false }
}]

resource scaling 'Microsoft.Insights/autoscaleSettings@2022-10-01' = {
  name: '${name}-scaling'
  location: location
  properties: {
    enabled: true
    targetResourceUri: plan.id
    profiles: [
      {
        name: 'processor'
        capacity: { minimum: string(minInstances), maximum: string(maxInstances), default: string(minInstances) }
        rules: [
          {
            metricTrigger: {
              metricName: 'CpuPercentage'
              metricResourceUri: plan.id
              timeGrain: 'PT1M'
              statistic: 'Average'
              timeWindow: 'PT5M'
              timeAggregation: 'Average'
              operator: 'GreaterThan'
              threshold: 70
            }
            scaleAction: { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M' }
          }
          {
            metricTrigger: {
              metricName: 'CpuPercentage'
              metricResourceUri: plan.id
              timeGrain: 'PT1M'
              statistic: 'Average'
              timeWindow: 'PT15M'
              timeAggregation: 'Average'
              operator: 'LessThan'
              threshold: 30
            }
            scaleAction: { direction: 'Decrease', type: 'ChangeCount', value: '1', cooldown: 'PT15M' }
          }
        ]
      }
    ]
  }
}

output serviceUrl string = 'https://${apps[0].properties.defaultHostName}'
output pageUrl string = 'https://${apps[1].properties.defaultHostName}'
