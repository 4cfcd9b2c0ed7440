<?php
/**
 * Loads the site that ELMED_TEST_SITE (its site.json) names into PHPUnit's process, as a request of the admin's would.
 * The bed (site/) wrote that file; TestCase and Elmed are what the tests build on.
 */

// phpcs:ignoreFile -- not part of the plugin
$elmed_test_file = getenv( 'ELMED_TEST_SITE' );
if ( ! $elmed_test_file || ! is_file( $elmed_test_file ) ) {
	fwrite( STDERR, "ELMED_TEST_SITE names no site. Run `make test-shop`, or `python -m woocommerce.tests.site`.\n" );
	exit( 1 );
}
$GLOBALS['elmed_test_site'] = json_decode( file_get_contents( $elmed_test_file ), true );

$_SERVER['HTTP_HOST']       = parse_url( $GLOBALS['elmed_test_site']['url'], PHP_URL_HOST ) . ':' . parse_url( $GLOBALS['elmed_test_site']['url'], PHP_URL_PORT );
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REMOTE_ADDR']     = '127.0.0.1';

// Each test is a transaction already (TestCase); one that begins inside of it would end it.
define( 'WC_USE_TRANSACTIONS', false );
require_once $GLOBALS['elmed_test_site']['www'] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';

// Without WooCommerce the plugin cannot be active; its classes can still be tried, the zip's own.
if ( ! defined( 'ELMED_WC_VERSION' ) && is_file( WP_PLUGIN_DIR . '/elmed-for-woocommerce/elmed-for-woocommerce.php' ) ) {
	require_once WP_PLUGIN_DIR . '/elmed-for-woocommerce/elmed-for-woocommerce.php';
}
require_once __DIR__ . '/Elmed.php';
require_once __DIR__ . '/Site.php';
require_once __DIR__ . '/TestCase.php';
require_once __DIR__ . '/Sources.php';
require_once __DIR__ . '/Shopper.php';
require_once __DIR__ . '/Process.php';
require_once __DIR__ . '/JourneyCase.php';
require_once __DIR__ . '/SyncRun.php';
