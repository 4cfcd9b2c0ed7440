<?php
/**
 * Activates plugins the way wp-admin does, in a network for all sites: `php activate.php SITE PLUGIN…`.
 * One that cannot be ends it with its reason.
 */

// phpcs:ignoreFile -- not part of the plugin
define( 'WP_ADMIN', true );
$_SERVER += array( 'HTTP_HOST' => getenv( 'ELMED_TEST_HOST' ), 'REQUEST_URI' => '/wp-admin/plugins.php', 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1' );
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';
wp_set_current_user( 1 );

foreach ( array_slice( $argv, 2 ) as $plugin ) {
	$answer = activate_plugin( $plugin, '', is_multisite() );
	if ( is_wp_error( $answer ) ) {
		fwrite( STDERR, $plugin . ': ' . $answer->get_error_code() . ': ' . wp_strip_all_tags( $answer->get_error_message() ) . "\n" );
		exit( 1 );
	}
	echo "$plugin is active\n";
}
