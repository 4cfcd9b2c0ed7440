<?php
/**
 * What every test gets: a transaction that is rolled back afterwards, and ELMED in good weather.
 *
 * What a test writes is seen by its own process alone. A test that needs other processes (requests to the web server,
 * races) extends journeys/JourneyCase instead.
 */

namespace Elmed\WooCommerce\Tests;

abstract class TestCase extends \PHPUnit\Framework\TestCase {

	/** @var array<string, mixed> hooks as they were */
	private $hooks = array();

	protected function setUp(): void {
		parent::setUp();
		global $wpdb, $wp_filter, $wp_actions, $wp_current_filter;
		foreach ( $wp_filter as $name => $hook ) {
			$this->hooks[ $name ] = clone $hook;
		}
		wp_cache_flush();
		$wpdb->query( 'SET autocommit = 0' );
		$wpdb->query( 'START TRANSACTION' );
		Elmed::fine();
		update_option( 'elmed_base_url', Elmed::fact( 'url' ) );
	}

	protected function tearDown(): void {
		global $wpdb, $wp_filter;
		$wpdb->query( 'ROLLBACK' );
		$wpdb->query( 'SET autocommit = 1' );
		$wp_filter = $this->hooks;
		wp_cache_flush();
		wp_set_current_user( 0 );
		parent::tearDown();
	}

	/** Become somebody of that role. */
	protected function become( string $role ): int {
		$name = 'user' . wp_generate_password( 8, false );
		$id   = wp_insert_user( array( 'user_login' => $name, 'user_pass' => $name, 'user_email' => "$name@example.org", 'role' => $role ) );
		wp_set_current_user( $id );
		return $id;
	}
}
