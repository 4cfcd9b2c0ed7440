<?php
/**
 * What the shop says of itself: Site Health, the status report, the heartbeat to ELMED, and `wp elmed`.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Cli\Commands;
use Elmed\WooCommerce\Health\Heartbeat;
use Elmed\WooCommerce\Health\SiteHealth;
use Elmed\WooCommerce\Health\StatusReport;
use Elmed\WooCommerce\Settings\ConnectionTest;

require_once __DIR__ . '/SyncCase.php';
require_once __DIR__ . '/Terminal.php';

final class HealthTest extends SyncCase {

	public function test_a_shop_that_works_has_nothing_to_do(): void {
		( new ConnectionTest() )->run();
		$this->sync();
		$this->assertSame( array( 'good', 'good' ), array( ( new SiteHealth() )->direct()['status'], ( new SiteHealth() )->connection()['status'] ) );
	}

	public function test_without_a_key_it_is_critical(): void {
		delete_option( 'elmed_api_key' );
		$this->assertSame( array( 'critical', 'critical' ), array( ( new SiteHealth() )->direct()['status'], ( new SiteHealth() )->connection()['status'] ) );
		$this->assertArrayNotHasKey( 'elmed-connection', apply_filters( 'site_status_tests', array() )['async'] ?? array() );
	}

	public function test_what_went_wrong_is_said(): void {
		$this->inElmed( 'EURO', array( 'currency' => 'EUR' ) );
		$this->sync();
		$this->assertSame( 'recommended', ( new SiteHealth() )->direct()['status'] );
		Elmed::say( 'stop' );
		$found = ( new SiteHealth() )->connection();
		$this->assertSame( 'critical', $found['status'] );
		$this->assertStringContainsString( 'not reachable', $found['description'] );
	}

	public function test_the_status_report_and_the_facts_hold_no_key(): void {
		( new ConnectionTest() )->run();
		ob_start();
		( new StatusReport() )->show();
		$report = ob_get_clean() . wp_json_encode( apply_filters( 'debug_information', array() ) );
		$this->assertStringContainsString( ELMED_WC_VERSION, $report );
		$this->assertStringNotContainsString( substr( $this->pharmacy['key'], 4, 12 ), $report );
		$this->assertStringNotContainsString( substr( $this->pharmacy['key'], -4 ), $report );
	}

	public function test_the_heartbeat_tells_the_pharmacy(): void {
		$this->inElmed( 'EURO', array( 'currency' => 'EUR' ) );
		$this->sync();
		$this->assertSame( 200, ( new Heartbeat() )->send( new Client() )->status );
		$told = Elmed::say( 'shop_state', array( 'pharmacy' => $this->pharmacy['pharmacy_id'] ) );
		$this->assertSame( array( ELMED_WC_VERSION, 0 ), array( $told['plugin_version'], $told['orders_waiting'] ) );
		$this->assertEqualsWithDelta( time(), strtotime( $told['last_sync_at'] ), 30 );
		$this->assertStringStartsWith( 'EURO: ', $told['problems'][0] );
	}

	public function test_a_heartbeat_that_does_not_get_through_hurts_nobody(): void {
		Elmed::say( 'stop' );
		( new Heartbeat() )->job();
		delete_option( 'elmed_api_key' );
		$this->assertSame( array(), Elmed::calls( static fn () => ( new Heartbeat() )->job() ) );
	}

	public function test_wp_elmed_sync_status_and_test(): void {
		$this->inElmed( 'ONE' );
		$commands = new Commands();
		$commands->test( array(), array() );
		$commands->sync( array(), array() );
		$commands->status( array(), array() );
		$said = implode( "\n", Terminal::$said );
		foreach ( array( 'success: Connected to', 'success: Complete', 'Created: 1', 'Version: ' . ELMED_WC_VERSION ) as $words ) {
			$this->assertStringContainsString( $words, $said );
		}
		$this->assertStringNotContainsString( substr( $this->pharmacy['key'], 4, 12 ), $said );

		update_option( 'elmed_api_key', 'elm_' . str_repeat( '0', 64 ), false );
		$this->expectExceptionMessage( 'refused the key' );
		$commands->test( array(), array() );
	}
}
